import { fileURLToPath } from "node:url";
import { useBlas } from "@tapegrad/kernels";

// `../` is right from `src` and from `dist` alike.
useBlas(() => fileURLToPath(new URL("../native.cjs", import.meta.url)));

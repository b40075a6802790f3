import { packageFile, useBlas } from "@tapegrad/kernels";

/** By this package's own name, for in a bundle its file is elsewhere. In one that is CommonJS there is no URL to start from. */
useBlas(() => packageFile("@tapegrad/blas/native", import.meta.url ?? __filename));

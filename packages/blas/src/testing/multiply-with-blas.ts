import { kernelInfo, setBlasEnabled } from "@tapegrad/kernels";
import "../register.ts";

// Set-up of the test project "blas": even the smallest product that is not done in plain loops goes to the library.
setBlasEnabled(true, 0);
if (kernelInfo().blas === null) throw new Error("these runs are about a BLAS, and there is none");

import { lenetDemo } from "./lenet-demo.ts";
import { program } from "./training/program.ts";

await program(() => lenetDemo(process.argv.slice(2)));

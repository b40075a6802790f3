import { cs231nLayers } from "./cs231n-layers.ts";
import { program } from "./training/program.ts";

await program(async () => cs231nLayers(process.argv.slice(3)));

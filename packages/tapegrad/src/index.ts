export * from "@tapegrad/tensor";
export * from "@tapegrad/autograd";
export * as nn from "@tapegrad/nn";

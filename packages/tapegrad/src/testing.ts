export * from "@tapegrad/testing";

import { describe, expect, test } from "vitest";
import { CIFAR10 } from "../cifar10/cifar10.ts";
import { FashionMNIST } from "../mnist/fashion-mnist.ts";
import { MNIST } from "../mnist/mnist.ts";

const dataSets = [["CIFAR10", "cifar10", CIFAR10], ["MNIST", "mnist", MNIST], ["FashionMNIST", "fashion-mnist", FashionMNIST]] as const;

describe.each(dataSets)("%s.load refuses, before it looks for anything,", (name, area, dataSet) => {
  test("an option that does not exist", async () => {
    await expect(dataSet.load({ trian: false } as never)).rejects.toThrow(
      expect.objectContaining({
        name: "ArgumentError",
        message: `${name}.load: there is no option "trian"; there are root, train, download, cacheDir, verify, onProgress, onNotice, signal, transform\n  hint: did you mean train?\n  code: ${area}/unknown-option`,
      }) as Error,
    );
  });

  test.each([
    ["root", 3, "a text"],
    ["train", "test", "true or false"],
    ["download", 1, "true or false"],
    ["cacheDir", null, "a text"],
    ["verify", "yes", "true or false"],
    ["onProgress", true, "a function"],
    ["onNotice", "log", "a function"],
    ["signal", 1, "an AbortSignal"],
    ["transform", [], "a function"],
  ])("%s %j", async (option, value, must) => {
    const shown = typeof value === "string" ? `"${value}"` : Array.isArray(value) ? "[]" : String(value);
    await expect(dataSet.load({ [option]: value })).rejects.toThrow(
      expect.objectContaining({ name: "IndexError", message: `${name}.load: ${option} ${shown} must be ${must}\n  code: ${area}/option` }) as Error,
    );
  });
});

import { describe, expect, test } from "vitest";
import { equal, tensor, zeros, type Tensor } from "@tapegrad/tensor";
import "@tapegrad/autograd";
import { CrossEntropyLoss, MSELoss, NLLLoss } from "./loss.ts";

describe("losses at their edges", () => {
  test("every target ignored: NaN for the mean, 0 for the sum", () => {
    const targets = tensor(Int32Array.of(-100, -100));
    expect(new CrossEntropyLoss().forward(zeros([2, 3]), targets).item()).toBeNaN();
    expect(new NLLLoss().forward(zeros([2, 3]), targets).item()).toBeNaN();
    expect(new CrossEntropyLoss({ reduction: "sum" }).forward(zeros([2, 3]), targets).item()).toBe(0);
  });

  test("logits of +-1e4 stay finite", () => {
    const x = tensor([[1e4, -1e4, 0]], { requiresGrad: true });
    const loss = new CrossEntropyLoss().forward(x, tensor(Int32Array.of(1)));
    expect(loss.item()).toBe(20000);
    loss.backward();
    expect(x.grad?.toArray()).toEqual([[1, -1, 0]]);
  });

  test("bytes are labels too", () => {
    expect(new NLLLoss().forward(tensor([[-1, -2]]), tensor(Uint8Array.of(1))).item()).toBe(2);
  });

  test("class weights belong to the state, and follow to(dtype)", () => {
    const loss = new CrossEntropyLoss({ weight: tensor([1, 3]) });
    expect(Object.keys(loss.stateDict())).toEqual(["weight"]);
    expect(loss.parameters()).toEqual([]);
    loss.loadStateDict({ weight: tensor([1, 0]) });
    expect(loss.forward(zeros([2, 2]), tensor(Int32Array.of(0, 1))).item()).toBeCloseTo(Math.log(2), 6);
    expect(loss.to("float64").weight?.dtype).toBe("float64");
    expect(new NLLLoss().stateDict()).toEqual({});
  });

  test.each([{}, { labelSmoothing: 0.2 }, { reduction: "sum" }, { reduction: "none", labelSmoothing: 1 }] as const)("probabilities that are all on one class are that class: %j", (options) => {
    const logits = tensor([[1, 2, -1], [0.5, 0, 3]]);
    const [indices, probabilities] = [tensor(Int32Array.of(2, 0)), tensor([[0, 0, 1], [1, 0, 0]])];
    const loss = new CrossEntropyLoss(options);
    const [ofIndices, ofProbabilities] = [indices, probabilities].map((target) => {
      const x = logits.detach().requiresGrad_();
      const out = loss.forward(x, target);
      out.sum().backward();
      return [...out.toTypedArray("float32"), ...(x.grad as Tensor).toTypedArray("float32")];
    });
    ofIndices?.forEach((value, i) => expect(ofProbabilities?.[i]).toBeCloseTo(value, 6));
    // The mean is that over rows where probabilities are weighted, over weights where indices are.
    const weighted = new CrossEntropyLoss({ weight: tensor([1, 2, 4]) });
    const each = new CrossEntropyLoss({ weight: tensor([1, 2, 4]), reduction: "sum" }).forward(logits, indices).item();
    expect(weighted.forward(logits, indices).item()).toBeCloseTo(each / 5, 6);
    expect(weighted.forward(logits, probabilities).item()).toBeCloseTo(each / 2, 6);
  });

  test("MSELoss of equal tensors is 0, with gradient 0", () => {
    const x = tensor([1, 2], { requiresGrad: true });
    const loss = new MSELoss().forward(x, tensor([1, 2]));
    expect(loss.item()).toBe(0);
    loss.backward();
    expect(x.grad !== null && equal(x.grad, zeros([2]))).toBe(true);
  });
});

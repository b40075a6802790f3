import { ArgumentError } from "./errors.ts";
import { formatTensor } from "./print.ts";
import { describe, type Tensor } from "./tensor.ts";

/**
 * What JavaScript asks for where a tensor stands in the place of a text or a number. A text is printed. Operators cannot be
 * taught to compute with tensors: they would go on with NaN or with the printed text, so they throw. They do not tell which one
 * of them is asking, and `+` asks without saying whether for a sum or a text.
 *
 * Throws    ArgumentError `tensor/operator`
 */
export function toPrimitive(x: Tensor, hint: string): string {
  if (hint === "string") return formatTensor(x);
  const [fact, methods] =
    hint === "number"
      ? ["a tensor is no number: -x, x - y, x * y, x > y, Math.abs(x) and their like do not compute with it", "x.neg(), x.sub(y), x.mul(y), x.gt(y), x.abs(), ..."]
      : ["a tensor is neither a number nor a text: x + y, x += y and x == 3 do not compute with it", "x.add(y), x.eq(3), ...; `${x}` for its text"];
  throw new ArgumentError({
    op: "Tensor",
    fact,
    details: [describe("x", x)],
    hint: `use ${methods}${x.numel() === 1 ? "; x.item() for the number that it holds" : ""}`,
    code: "tensor/operator",
    data: { hint },
  });
}

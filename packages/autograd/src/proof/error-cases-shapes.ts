import { bmm, dot, mm, mv, cat, stack, zeros, type ErrorSample } from "@tapegrad/tensor";

/** Shapes that an op does not take, and dimensions that there are not. */
export const errorsOfShapes: readonly ErrorSample[] = [
  ...([["mm", mm, [2, 2]], ["bmm", bmm, [3, 3]], ["mv", mv, [2, 1]], ["dot", dot, [1, 1]]] as const).flatMap(([op, run, [left, right]]): ErrorSample[] => {
    const shape = (rank: number, last: number): number[] => [2, 3, last].slice(3 - rank);
    const text = (...sizes: readonly (readonly number[])[]): string => sizes.map((each, i) => `  ${"ab"[i]}  [${each.join(", ")}]  float32`).join("\n");
    const dimensions = (rank: number): string => `${rank} dimension${rank === 1 ? "" : "s"}`;
    const fitting = [...shape(right, 7).slice(0, right === 3 ? 1 : 0), 5, ...(right === 1 ? [] : [7])];
    const wrong = fitting.with(right === 3 ? 1 : 0, 4);
    const hint = "  hint: matmul takes operands of any number of dimensions";
    return [
      {
        call: () => run(zeros([1, ...shape(left, 5)]), zeros(fitting)),
        error: "ShapeError",
        message: `${op}: a must have ${dimensions(left)}, not ${left + 1}\n${text([1, ...shape(left, 5)], fitting)}\n${hint}\n  code: ${op}/rank`,
      },
      {
        call: () => run(zeros(shape(left, 5)), zeros([1, ...fitting])),
        error: "ShapeError",
        message: `${op}: b must have ${dimensions(right)}, not ${right + 1}\n${text(shape(left, 5), [1, ...fitting])}\n${hint}\n  code: ${op}/rank`,
      },
      {
        call: () => run(zeros(shape(left, 5)), zeros(wrong)),
        error: "ShapeError",
        message: `${op}: a.shape[-1] = 5 must equal b.shape[${right === 3 ? 1 : 0}] = 4\n${text(shape(left, 5), wrong)}\n  code: ${op}/inner`,
      },
    ];
  }),
  {
    call: () => bmm(zeros([2, 3, 4]), zeros([1, 4, 5])),
    error: "ShapeError",
    message: `bmm: a.shape[0] = 2 must equal b.shape[0] = 1
  a  [2, 3, 4]  float32
  b  [1, 4, 5]  float32
  hint: matmul broadcasts batches
  code: bmm/batch`,
  },
  {
    call: () => zeros([2, 3]).view([4]),
    error: "ShapeError",
    message: `view: shape [4] must have the 6 elements of [2, 3]
  x  [2, 3]  float32
  code: view/size`,
  },
  {
    call: () => zeros([2, 3]).view([-1, 4]),
    error: "ShapeError",
    message: `view: 6 elements cannot be divided by the known sizes of [-1, 4]
  x  [2, 3]  float32
  code: view/inferred`,
  },
  {
    call: () => zeros([2, 3]).transpose(0, 1).view([6]),
    error: "ShapeError",
    message: `view: strides [1, 3] allow no view of shape [6]
  x  [3, 2]  float32
  hint: use reshape, which copies where it must
  code: view/strides`,
  },
  {
    call: () => zeros([2, 3]).reshape([7]),
    error: "ShapeError",
    message: `reshape: shape [7] must have the 6 elements of [2, 3]
  x  [2, 3]  float32
  code: reshape/size`,
  },
  {
    call: () => zeros([2, 3]).reshape([0, -1]),
    error: "ShapeError",
    message: `reshape: 6 elements cannot be divided by the known sizes of [0, -1]
  x  [2, 3]  float32
  code: reshape/inferred`,
  },
  {
    call: () => zeros([2, 3]).reshape([-2, -3]),
    error: "ShapeError",
    message: `reshape: shape [-2, -3] must have the 6 elements of [2, 3]
  x  [2, 3]  float32
  code: reshape/size`,
  },
  {
    call: () => zeros([2, 3]).flatten(1, 0),
    error: "ShapeError",
    message: `flatten: start 1 must not come after end 0
  code: flatten/order`,
  },
  {
    call: () => zeros([2, 3]).flatten(2),
    error: "IndexError",
    message: `flatten: start 2 is outside [-2, 1], the dimensions of a 2-d tensor
  code: flatten/dim`,
  },
  {
    call: () => zeros([2, 3]).permute([0, 0]),
    error: "ShapeError",
    message: `permute: dims [0, 0] must name each of the 2 dimensions once
  x  [2, 3]  float32
  code: permute/dims`,
  },
  {
    call: () => zeros([2, 3]).permute([0, 2]),
    error: "IndexError",
    message: `permute: dim 2 is outside [-2, 1], the dimensions of a 2-d tensor
  code: permute/dim`,
  },
  {
    call: () => zeros([2, 3]).permute([0]),
    error: "ShapeError",
    message: `permute: dims [0] must name each of the 2 dimensions once
  x  [2, 3]  float32
  code: permute/dims`,
  },
  {
    call: () => zeros([2, 3]).transpose(0, 2),
    error: "IndexError",
    message: `transpose: dim1 2 is outside [-2, 1], the dimensions of a 2-d tensor
  code: transpose/dim`,
  },
  {
    call: () => zeros([2, 3, 4]).t(),
    error: "ShapeError",
    message: `t: x has 3 dimensions; t takes 2 at most
  x  [2, 3, 4]  float32
  hint: use x.mT or transpose
  code: t/matrix`,
  },
  {
    call: () => zeros([2, 3]).expand([2, 4]),
    error: "ShapeError",
    message: `expand: x [2, 3] cannot be repeated to shape [2, 4]: sizes must be equal, or 1 in x
  x  [2, 3]  float32
  code: expand/shape`,
  },
  {
    call: () => zeros([2, 3]).expand([3]),
    error: "ShapeError",
    message: `expand: x [2, 3] cannot be repeated to shape [3]: sizes must be equal, or 1 in x
  x  [2, 3]  float32
  code: expand/shape`,
  },
  {
    call: () => zeros([2, 3]).expand([2, -2]),
    error: "ShapeError",
    message: `expand: x [2, 3] cannot be repeated to shape [2, -2]: sizes must be equal, or 1 in x
  x  [2, 3]  float32
  code: expand/shape`,
  },
  {
    call: () => zeros([2, 3]).expandAs(zeros([4])),
    error: "ShapeError",
    message: `expandAs: x [2, 3] cannot be repeated to shape [4]: sizes must be equal, or 1 in x
  x  [2, 3]  float32
  code: expandAs/shape`,
  },
  {
    call: () => zeros([2]).squeeze(1),
    error: "IndexError",
    message: `squeeze: dim 1 is outside [-1, 0], the dimensions of a 1-d tensor
  code: squeeze/dim`,
  },
  {
    call: () => zeros([2]).unsqueeze(3),
    error: "IndexError",
    message: `unsqueeze: dim 3 is outside [-2, 1], the dimensions of a 2-d tensor
  code: unsqueeze/dim`,
  },
  {
    call: () => zeros([5]).narrow(0, 3, 3),
    error: "IndexError",
    message: `narrow: start 3 and length 3 leave the 5 entries of dimension 0
  x  [5]  float32
  code: narrow/range`,
  },
  {
    call: () => zeros([5]).narrow(1, 0, 1),
    error: "IndexError",
    message: `narrow: dim 1 is outside [-1, 0], the dimensions of a 1-d tensor
  code: narrow/dim`,
  },
  {
    call: () => zeros([]).narrow(0, 0, 0),
    error: "IndexError",
    message: `narrow: a 0-d tensor has no dimension to take entries of
  x  []  float32
  hint: give it one: x.reshape([1])
  code: narrow/0-d`,
  },
  {
    call: () => zeros([]).slice(0),
    error: "IndexError",
    message: `slice: a 0-d tensor has no dimension to take entries of
  x  []  float32
  hint: give it one: x.reshape([1])
  code: slice/0-d`,
  },
  {
    call: () => zeros([]).select(0, 0),
    error: "IndexError",
    message: `select: a 0-d tensor has no dimension to take entries of
  x  []  float32
  hint: give it one: x.reshape([1])
  code: select/0-d`,
  },
  {
    call: () => zeros([5]).slice(0, 0, 5, 0),
    error: "IndexError",
    message: `slice: step 0 must be an integer, 1 or more
  code: slice/step`,
  },
  {
    call: () => zeros([5]).slice(1),
    error: "IndexError",
    message: `slice: dim 1 is outside [-1, 0], the dimensions of a 1-d tensor
  code: slice/dim`,
  },
  {
    call: () => zeros([5]).select(0, 5),
    error: "IndexError",
    message: `select: index 5 is outside [-5, 4], the entries of dimension 0
  x  [5]  float32
  code: select/index`,
  },
  {
    call: () => zeros([5]).select(-2, 0),
    error: "IndexError",
    message: `select: dim -2 is outside [-1, 0], the dimensions of a 1-d tensor
  code: select/dim`,
  },
  {
    call: () => zeros([3]).slice(0, 0.5),
    error: "IndexError",
    message: `slice: start 0.5 must be an integer
  code: slice/option`,
  },
  {
    call: () => cat([]),
    error: "ShapeError",
    message: `cat: tensors needs at least one tensor
  code: cat/none`,
  },
  {
    call: () => cat([zeros([0]), zeros([])]),
    error: "ShapeError",
    message: `cat: all sizes but those of dimension 0 must be equal, and there must be at least 1 dimension
  a  []  float32
  b  [0]  float32
  code: cat/shape`,
  },
  {
    call: () => cat([zeros([])]),
    error: "ShapeError",
    message: `cat: all sizes but those of dimension 0 must be equal, and there must be at least 1 dimension
  a  []  float32
  b  []  float32
  code: cat/shape`,
  },
  {
    call: () => cat([zeros([2, 3]), zeros([0, 2])]),
    error: "ShapeError",
    message: `cat: all sizes but those of dimension 0 must be equal, and there must be at least 1 dimension
  a  [2, 3]  float32
  b  [0, 2]  float32
  code: cat/shape`,
  },
  {
    call: () => cat([zeros([2, 3]), zeros([2, 4])]),
    error: "ShapeError",
    message: `cat: all sizes but those of dimension 0 must be equal, and there must be at least 1 dimension
  a  [2, 3]  float32
  b  [2, 4]  float32
  code: cat/shape`,
  },
  {
    call: () => cat([zeros([]), zeros([])]),
    error: "ShapeError",
    message: `cat: all sizes but those of dimension 0 must be equal, and there must be at least 1 dimension
  a  []  float32
  b  []  float32
  code: cat/shape`,
  },
  {
    call: () => cat([zeros([2])], 1),
    error: "IndexError",
    message: `cat: dim 1 is outside [-1, 0], the dimensions of a 1-d tensor
  code: cat/dim`,
  },
  {
    call: () => stack([zeros([2]), zeros([3])]),
    error: "ShapeError",
    message: `stack: all shapes must be equal
  a  [2]  float32
  b  [3]  float32
  code: stack/shape`,
  },
  {
    call: () => stack([]),
    error: "ShapeError",
    message: `stack: tensors needs at least one tensor
  code: stack/none`,
  },
  {
    call: () => stack([zeros([2])], 2),
    error: "IndexError",
    message: `stack: dim 2 is outside [-2, 1], the dimensions of a 2-d tensor
  code: stack/dim`,
  },
];

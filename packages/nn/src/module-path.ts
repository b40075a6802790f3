import type { TapegradError } from "@tapegrad/tensor";

/** A module, as far as this file knows. */
interface Named {
  readonly constructor: { readonly name: string };
}

/** Where inside a model an error arose: the path grows while the error passes the modules around it. */
const places = new WeakMap<TapegradError, { module: Named; path: string; inner: string }>();

/** Says in an error that it passed a module; `fieldOf` tells in which of that module's fields another one is. */
export function tellWhere(error: TapegradError, module: Named, fieldOf: (other: Named) => string | undefined): void {
  const place = places.get(error);
  // A module that calls itself.
  if (place?.module === module) return;
  const field = place === undefined ? undefined : fieldOf(place.module);
  if (place === undefined || field === undefined) {
    // The first module that the error meets; or one that keeps the module below where it cannot be found.
    const inner = module.constructor.name;
    places.set(error, { module, path: "", inner });
    error.setModulePath(inner);
    return;
  }
  place.path = place.path === "" ? field : `${field}.${place.path}`;
  place.module = module;
  error.setModulePath(`${place.path} (${place.inner})`);
}

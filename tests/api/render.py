"""Rustdoc's JSON of a crate as sorted lines, one for each public item, by the shortest path that users can write.

Types of the crate stand by their public path without the crate's name, those of the standard library mostly by their
last name, all others by their whole path. What every type has without the crate's doing is left out: implementations
that hold for all types, and automatic ones but for those that fail, as in `impl !Send`.
"""

STANDARD = {"std", "core", "alloc"}
# Names that several modules of the standard library use.
COMMON = {"Error", "Result"}
# Of the compiler's own.
HIDDEN_TRAITS = {"StructuralPartialEq", "Freeze"}


def kind_of(item):
    return next(iter(item["inner"].items()))


class Crate:
    def __init__(self, json):
        self.index, self.known, self.root = json["index"], json["paths"], json["root"]
        self.paths, self.lines = {}, set()
        self._walk(self.item(self.root), ())

    def item(self, number):
        return self.index[str(number)]

    def _walk(self, module, path):
        """Notes the shortest path of everything that can be reached by `pub`."""
        for number in kind_of(module)[1]["items"]:
            item = self.index.get(str(number))
            if item is None:
                continue
            kind, inner = kind_of(item)
            if kind != "use":
                self._reached(item, (*path, item["name"]))
            elif str(inner["id"]) not in self.index:
                self.lines.add(f"pub use {inner['source']}")
            elif inner["is_glob"]:
                self._walk(self.item(inner["id"]), path)
            else:
                self._reached(self.item(inner["id"]), (*path, inner["name"]))

    def _reached(self, item, path):
        known = self.paths.get(item["id"])
        if known is None or (len(path), path) < (len(known), known):
            self.paths[item["id"]] = path
            if kind_of(item)[0] == "module":
                self._walk(item, path)

    def name(self, number, written):
        """How a type or a trait is called."""
        if number in self.paths:
            return "::".join(self.paths[number])
        known = self.known.get(str(number))
        if known is None:
            return written
        path = known["path"]
        if path[0] in STANDARD:
            return "::".join(path[1:] if path[-1] in COMMON else path[-1:])
        # A type of the crate's that is used and cannot be named.
        return "::".join(path[1:]) + " (private)" if known["crate_id"] == 0 else "::".join(path)

    # Types

    def type(self, type):
        if type is None:
            return "()"
        kind, inner = next(iter(type.items())) if isinstance(type, dict) else (type, None)
        return getattr(self, "type_" + kind)(inner)

    def type_resolved_path(self, path):
        return self.name(path["id"], path["path"]) + self.arguments(path["args"])

    def type_primitive(self, name):
        return {"never": "!"}.get(name, name)

    def type_generic(self, name):
        return name

    def type_infer(self, _):
        return "_"

    def type_tuple(self, types):
        return "(" + ", ".join(map(self.type, types)) + ("," if len(types) == 1 else "") + ")"

    def type_slice(self, of):
        return f"[{self.type(of)}]"

    def type_array(self, array):
        return f"[{self.type(array['type'])}; {array['len']}]"

    def type_borrowed_ref(self, ref):
        lifetime = ref["lifetime"] + " " if ref["lifetime"] else ""
        return f"&{lifetime}{'mut ' if ref['is_mutable'] else ''}{self.type(ref['type'])}"

    def type_raw_pointer(self, pointer):
        return f"*{'mut' if pointer['is_mutable'] else 'const'} {self.type(pointer['type'])}"

    def type_impl_trait(self, bounds):
        return "impl " + self.bounds(bounds)

    def type_dyn_trait(self, dyn):
        traits = [self.higher(t["generic_params"]) + self.type_resolved_path(t["trait"]) for t in dyn["traits"]]
        return "dyn " + " + ".join(traits + ([dyn["lifetime"]] if dyn["lifetime"] else []))

    def type_function_pointer(self, pointer):
        inputs = ", ".join(self.type(type) for _, type in pointer["sig"]["inputs"])
        return f"{self.header(pointer['header'])}fn({inputs}){self.returned(pointer['sig'])}"

    def type_qualified_path(self, path):
        trait = f" as {self.type_resolved_path(path['trait'])}" if path["trait"] and path["trait"]["path"] else ""
        return f"<{self.type(path['self_type'])}{trait}>::{path['name']}{self.arguments(path['args'])}"

    def arguments(self, arguments):
        if not arguments:
            return ""
        kind, inner = next(iter(arguments.items())) if isinstance(arguments, dict) else (arguments, None)
        if kind == "parenthesized":
            returned = f" -> {self.type(inner['output'])}" if inner["output"] else ""
            return "(" + ", ".join(map(self.type, inner["inputs"])) + ")" + returned
        if kind != "angle_bracketed":
            return ""
        words = [self.argument(argument) for argument in inner["args"]]
        for bound in inner["constraints"]:
            of, what = next(iter(bound["binding"].items()))
            value = " = " + self.term(what) if of == "equality" else ": " + self.bounds(what)
            words.append(bound["name"] + self.arguments(bound["args"]) + value)
        return f"<{', '.join(words)}>" if words else ""

    def argument(self, argument):
        kind, inner = next(iter(argument.items())) if isinstance(argument, dict) else (argument, None)
        return {"lifetime": lambda: inner, "type": lambda: self.type(inner), "const": lambda: inner["expr"],
                "infer": lambda: "_"}[kind]()

    def term(self, term):
        kind, inner = next(iter(term.items()))
        return self.type(inner) if kind == "type" else inner["expr"]

    # Generics

    def bounds(self, bounds):
        words = []
        for bound in bounds:
            kind, inner = next(iter(bound.items()))
            if kind == "trait_bound":
                modifier = {"none": "", "maybe": "?"}.get(inner["modifier"], inner["modifier"] + " ")
                words.append(self.higher(inner["generic_params"]) + modifier + self.type_resolved_path(inner["trait"]))
            elif kind == "outlives":
                words.append(inner)
            else:
                words.append("use<" + ", ".join(next(iter(w.values())) for w in inner) + ">")
        return " + ".join(words)

    def higher(self, parameters):
        return f"for<{', '.join(p['name'] for p in parameters)}> " if parameters else ""

    def parameter(self, parameter):
        kind, inner = next(iter(parameter["kind"].items()))
        if kind == "type":
            # `impl Trait` as an argument's type is written there.
            if inner["is_synthetic"]:
                return None
            bounds = ": " + self.bounds(inner["bounds"]) if inner["bounds"] else ""
            return parameter["name"] + bounds + (" = " + self.type(inner["default"]) if inner["default"] else "")
        if kind == "const":
            return f"const {parameter['name']}: {self.type(inner['type'])}"
        return parameter["name"] + (": " + " + ".join(inner["outlives"]) if inner["outlives"] else "")

    def generics(self, generics):
        words = [word for word in map(self.parameter, generics["params"]) if word]
        return f"<{', '.join(words)}>" if words else ""

    def where(self, generics):
        words = []
        for predicate in generics["where_predicates"]:
            kind, inner = next(iter(predicate.items()))
            if kind == "bound_predicate":
                bounded = self.higher(inner["generic_params"]) + self.type(inner["type"])
                words.append(f"{bounded}: {self.bounds(inner['bounds'])}")
            elif kind == "lifetime_predicate":
                words.append(f"{inner['lifetime']}: {' + '.join(inner['outlives'])}")
            else:
                words.append(f"{self.type(inner['lhs'])} == {self.term(inner['rhs'])}")
        return " where " + ", ".join(words) if words else ""

    # Items

    def header(self, header):
        abi = header["abi"] if isinstance(header["abi"], str) else next(iter(header["abi"]))
        words = [word for word in ("const", "async", "unsafe") if header["is_" + word]]
        return "".join(word + " " for word in words + ([f'extern "{abi}"'] if abi != "Rust" else []))

    def returned(self, signature):
        return f" -> {self.type(signature['output'])}" if signature["output"] is not None else ""

    def input(self, name, type):
        if name != "self":
            return f"{name}: {self.type(type)}"
        if type == {"generic": "Self"}:
            return "self"
        ref = type.get("borrowed_ref")
        if ref and ref["type"] == {"generic": "Self"}:
            return self.type(type).replace("Self", "self")
        return f"self: {self.type(type)}"

    def function(self, item, path, prefix="pub "):
        function = item["inner"]["function"]
        inputs = ", ".join(self.input(name, type) for name, type in function["sig"]["inputs"])
        line = f"{self.header(function['header'])}fn {path}{self.generics(function['generics'])}({inputs})"
        given = " { .. }" if not prefix and function["has_body"] else ""
        self.lines.add(prefix + line + self.returned(function["sig"]) + self.where(function["generics"]) + given)

    def fields(self, kind, path, prefix="pub "):
        """Adds the public fields of a struct or variant; what follows its name."""
        shape, inner = next(iter(kind.items())) if isinstance(kind, dict) else (kind, None)
        if shape in ("plain", "unit") and inner is None:
            return ""
        if shape == "tuple":
            known = [None if n is None else self.index.get(str(n)) for n in inner]
            return "(" + ", ".join("_" if f is None else self.type(f["inner"]["struct_field"]) for f in known) + ")"
        for number in inner["fields"]:
            field = self.item(number)
            self.lines.add(f"{prefix}{path}::{field['name']}: {self.type(field['inner']['struct_field'])}")
        return " { .. }" if inner["has_stripped_fields"] else " {}"

    def add_struct(self, item, inner, path):
        self.lines.add(self.marks(item) + f"pub struct {path}" + self.generics(inner["generics"])
                       + self.fields(inner["kind"], path) + self.where(inner["generics"]))

    def add_enum(self, item, inner, path):
        self.lines.add(self.marks(item) + f"pub enum {path}" + self.generics(inner["generics"])
                       + self.where(inner["generics"]))
        for variant in map(self.item, inner["variants"]):
            of = f"{path}::{variant['name']}"
            value = variant["inner"]["variant"]["discriminant"]
            self.lines.add(self.marks(variant) + of + self.fields(variant["inner"]["variant"]["kind"], of, "")
                           + (f" = {value['value']}" if value else ""))

    def add_trait(self, item, inner, path):
        bounds = ": " + self.bounds(inner["bounds"]) if inner["bounds"] else ""
        dyn = "" if inner["is_dyn_compatible"] else " (no dyn)"
        unsafe = "unsafe " if inner["is_unsafe"] else ""
        self.lines.add(f"pub {unsafe}trait {path}{self.generics(inner['generics'])}{bounds}"
                       + self.where(inner["generics"]) + dyn)
        self.members(inner["items"], path, "", all=True)

    def add_function(self, item, inner, path):
        self.function(item, path)

    def add_constant(self, item, inner, path):
        self.lines.add(f"pub const {path}: {self.type(inner['type'])}")

    def add_static(self, item, inner, path):
        self.lines.add(f"pub static {'mut ' if inner['is_mutable'] else ''}{path}: {self.type(inner['type'])}")

    def add_type_alias(self, item, inner, path):
        generics = inner["generics"]
        self.lines.add(f"pub type {path}{self.generics(generics)} = {self.type(inner['type'])}{self.where(generics)}")

    def add_module(self, item, inner, path):
        self.lines.add(f"pub mod {path}")

    def add_macro(self, item, inner, path):
        self.lines.add(f"pub macro {path}!")

    def members(self, numbers, path, prefix="pub ", all=False):
        for item in filter(None, (self.index.get(str(n)) for n in numbers)):
            kind, inner = kind_of(item)
            of = f"{path}::{item['name']}"
            if not all and item["visibility"] != "public":
                continue
            if kind == "function":
                self.function(item, of, prefix)
            elif kind == "assoc_const":
                self.lines.add(f"{prefix}const {of}: {self.type(inner['type'])}")
            elif kind == "assoc_type":
                bounds = ": " + self.bounds(inner["bounds"]) if inner["bounds"] else ""
                self.lines.add(f"{prefix}type {of}{self.generics(inner['generics'])}{bounds}")

    def marks(self, item):
        return "#[non_exhaustive] " if any(m == "non_exhaustive" for m in item["attrs"]) else ""

    def implementations(self, numbers, path):
        for item in filter(None, (self.index.get(str(n)) for n in numbers)):
            inner = item["inner"]["impl"]
            if inner["trait"] is None:
                self.members(inner["items"], path)
            elif inner["blanket_impl"] is None and (inner["is_negative"] or not inner["is_synthetic"]):
                trait = self.type_resolved_path(inner["trait"])
                if trait in HIDDEN_TRAITS:
                    continue
                types = [self.item(n) for n in inner["items"] if str(n) in self.index]
                associated = [f"{t['name']} = {self.type(t['inner']['assoc_type']['type'])}"
                              for t in types if kind_of(t)[0] == "assoc_type"]
                trait = "!" + trait if inner["is_negative"] else trait
                self.lines.add(f"impl{self.generics(inner['generics'])} {trait} for {self.type(inner['for'])}"
                               + self.where(inner["generics"])
                               + (f" {{ {', '.join(sorted(associated))} }}" if associated else ""))

    def render(self):
        for number, path in self.paths.items():
            item = self.item(number)
            kind, inner = kind_of(item)
            getattr(self, "add_" + {"proc_macro": "macro"}.get(kind, kind))(item, inner, "::".join(path))
            for key in ("impls", "implementations"):
                self.implementations(inner.get(key, []) if isinstance(inner, dict) else [], "::".join(path))
        return sorted(self.lines)


def render(json):
    return Crate(json).render()

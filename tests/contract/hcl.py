"""Terraform's language, as far as the module under deploy/terraform uses it."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import hcl2
from lark import Token, Tree

from tests.contract.hcl_functions import FUNCTIONS, Failed, text_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

Node = Tree[Token]
_ESCAPES = {"n": "\n", "t": "\t", '"': '"', "\\": "\\"}


@dataclass
class Block:
    """A block: its type and labels, its arguments not yet evaluated, and the blocks in it."""

    type: str
    labels: list[str]
    arguments: dict[str, Node] = field(default_factory=dict)
    blocks: list[Block] = field(default_factory=list)

    def all(self, type_: str) -> list[Block]:
        return [block for block in self.blocks if block.type == type_]


def read(path: Path) -> Block:
    """Parse a file into a block that holds all of it."""
    tree = hcl2.parses_to_tree(path.read_text(encoding="utf-8"))
    return _filled(Block("", []), tree.children[0])


def _filled(block: Block, body: Node) -> Block:
    for child in _trees(body):
        if child.data == "attribute":
            name, value = _trees(child)
            block.arguments[written(name)] = value
        elif child.data == "block":
            *words, inner = _trees(child)
            type_, *labels = [written(word).strip('"') for word in words if word.data != _SPACE]
            block.blocks.append(_filled(Block(type_, labels), inner))
    return block


_SPACE = "new_line_or_comment"


def _trees(node: Node) -> list[Node]:
    """Give what a node is made of, without punctuation, white space and comments."""
    return [c for c in node.children if isinstance(c, Tree) and c.data != _SPACE]


def written(node: Node) -> str:
    """Give an expression as it is written."""
    return "".join(str(token) for token in node.scan_values(lambda _: True)).strip()


def evaluate(node: Node, scope: Mapping[str, Any]) -> Any:
    """Give an expression's value; `scope` has what its names stand for."""
    return _RULES[str(node.data)](node, scope)


def _same(node: Node, scope: Mapping[str, Any]) -> Any:
    (inner,) = _trees(node)
    return evaluate(inner, scope)


def _name(node: Node, scope: Mapping[str, Any]) -> Any:
    name = written(node)
    if name not in scope:
        message = f"there is no {name} here"
        raise Failed(message)
    return scope[name]


def _string(node: Node, scope: Mapping[str, Any]) -> Any:
    parts = [
        evaluate(_trees(part)[0], scope) if _trees(part) else _unescaped(_raw(part))
        for part in _trees(node)
    ]
    return "".join(text_of(part) for part in parts)


def _raw(part: Node) -> str:
    return "".join(str(token) for token in part.children)


def _unescaped(text: str) -> str:
    text = re.sub(r"\\(.)", lambda m: _ESCAPES[m[1]], text)
    return text.replace("$${", "${").replace("%%{", "%{")


def _object(node: Node, scope: Mapping[str, Any]) -> Any:
    found = {}
    for element in _trees(node):
        key, value = _trees(element)
        word = written(key)
        plain = word.isidentifier()
        found[word if plain else evaluate(_trees(key)[0], scope)] = evaluate(value, scope)
    return found


def _index(node: Node, scope: Mapping[str, Any]) -> Any:
    term, index = _trees(node)
    return _got(evaluate(term, scope), evaluate(_trees(index)[0], scope))


def _attribute(node: Node, scope: Mapping[str, Any]) -> Any:
    term, name = _trees(node)
    return _got(evaluate(term, scope), written(name).lstrip("."))


def _got(value: Any, key: Any) -> Any:
    try:
        return value[key]
    except (KeyError, IndexError, TypeError):
        message = f"there is no {key} in it"
        raise Failed(message) from None


def _conditional(node: Node, scope: Mapping[str, Any]) -> Any:
    condition, then, otherwise = _trees(node)
    return evaluate(then if evaluate(condition, scope) else otherwise, scope)


_OPERATORS: dict[str, Callable[[Any, Any], Any]] = {
    "==": lambda a, b: a == b,
    "!=": lambda a, b: a != b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
}


def _binary(node: Node, scope: Mapping[str, Any]) -> Any:
    left, term = _trees(node)
    operator, right = _trees(term)
    value, sign = evaluate(left, scope), written(operator)
    if sign in ("&&", "||"):  # Terraform evaluates both sides
        values = (value, evaluate(right, scope))
        return all(values) if sign == "&&" else any(values)
    return _OPERATORS[sign](value, evaluate(right, scope))


def _unary(node: Node, scope: Mapping[str, Any]) -> Any:
    (term,) = _trees(node)
    value = evaluate(term, scope)
    return not value if written(node).startswith("!") else -value


def _loop(node: Node, scope: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Give the scope of each turn of a `for` whose condition holds."""
    intro, *rest = _trees(node)
    *names, over = _trees(intro)
    items = evaluate(over, scope)
    pairs = sorted(items.items()) if isinstance(items, dict) else enumerate(items)
    words = [written(name) for name in names]
    turns = [{**scope, **dict(zip(words, pair[-len(words) :], strict=True))} for pair in pairs]
    conditions = [part for part in rest if part.data == "for_cond"]
    return [t for t in turns if all(evaluate(_trees(c)[0], t) for c in conditions)]


def _for_tuple(node: Node, scope: Mapping[str, Any]) -> Any:
    value = _trees(node)[1]
    return [evaluate(value, turn) for turn in _loop(node, scope)]


def _for_object(node: Node, scope: Mapping[str, Any]) -> Any:
    key, value = _trees(node)[1:3]
    found: dict[str, Any] = {}
    for turn in _loop(node, scope):
        name = evaluate(key, turn)
        if name in found:
            message = f"two items are both named {name}"
            raise Failed(message)
        found[name] = evaluate(value, turn)
    return found


def _call(node: Node, scope: Mapping[str, Any]) -> Any:
    name, *rest = _trees(node)
    given = _trees(rest[0]) if rest else []
    if written(name) in ("try", "can"):
        return _tried(written(name), given, scope)
    return FUNCTIONS[written(name)](*(evaluate(argument, scope) for argument in given))


def _tried(name: str, given: list[Node], scope: Mapping[str, Any]) -> Any:
    for argument in given:
        try:
            value = evaluate(argument, scope)
        except Failed:
            continue
        return True if name == "can" else value
    return False


_RULES: dict[str, Callable[[Node, Mapping[str, Any]], Any]] = {
    "expr_term": _same,
    "interpolation": _same,
    "identifier": _name,
    "string": _string,
    "int_lit": lambda node, _: int(written(node)),
    "literal_value": lambda node, _: json.loads(written(node)),
    "tuple": lambda node, scope: [evaluate(item, scope) for item in _trees(node)],
    "object": _object,
    "index_expr_term": _index,
    "get_attr_expr_term": _attribute,
    "conditional": _conditional,
    "binary_op": _binary,
    "unary_op": _unary,
    "for_tuple_expr": _for_tuple,
    "for_object_expr": _for_object,
    "function_call": _call,
}

"""What may follow an array of numbers: all primitives of the prelude, the library, and what is declared of them."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from .objects import Listed, Sum
from .of_structures import unfolded
from .reused import LEARNT, Array, Pair, fixed, least

UNARY = ("neg", "abs", "sign", "floor", "ceil", "round", "square", "reciprocal", "sqrt", "rsqrt", "exp", "expm1", "log",
         "log1p", "sin", "cos", "tan", "erf", "scale[factor = 0.5]", "clamp[-1, 1]", "relu", "leaky_relu",
         "elu[alpha = 0.5]", "selu", "gelu", "gelu_tanh", "silu", "mish", "hardswish", "sigmoid", "tanh", "softplus",
         "softsign", "logsigmoid", "dropout", "scale[1 / sqrt(d)]", "elu", "-1.5", "clamp[low = 0.0, high = 1]")
BINARY = ("add", "sub", "mul", "div", "pow", "maximum", "minimum")
COMPARED = ("less", "less_equal", "greater", "greater_equal", "equal", "not_equal")
LOSSES = ("mse_loss", "l1_loss", "huber_loss", "huber_loss[delta = 0.5]", "bce_with_logits")
DRAWN = ("normal", "uniform", "gumbel", "zero", "one", "const[0.5]")
INITIALISERS = ("normal(0, 0.02)", "uniform(-0.1, 0.1)", "zeros", "ones", "constant(0.5)", "(weight = xavier_uniform)",
                "(weight = kaiming_normal)", "(weight = orthogonal)", "(weight = xavier_normal)",
                "(weight = kaiming_uniform)")


def of_reals(maker: Any, obj: Array, depth: int) -> tuple[str, Any]:
    axes = obj.axes
    kinds = [_pointwise, _pointwise, _two, _shared, _declared]
    if axes:
        kinds += [_along, _along, _structured]
    if len(axes) == 1 and fixed(axes[0]):
        kinds += [_learnt, _learnt, _recurring]
    if len(axes) == 2:
        kinds += [_rows, _signals, _signals]
    if len(axes) == 3 and fixed(axes[0]):
        kinds += [_images, _images]
    found = maker.choose(*kinds)(maker, obj, depth)
    return found if found is not None else _pointwise(maker, obj, depth)


def seldom(obj: Array) -> list[Any]:
    """Makers of what only few objects can have behind them."""
    axes = obj.axes
    found: list[Any] = []
    if axes == ("d",):
        found += [_imported, _frozen, _halved]
    if axes == ("2*d",):
        found += [_imported, _halved]
    if axes and axes[0] in ("d", "2*d"):
        found.append(_halved)
    if len(axes) == 1 and fixed(axes[0]):
        found += [lambda maker, obj: _library(maker, obj, maker.choose(*LEARNT)), _cell]
    if len(axes) == 2 and fixed(axes[1]):
        found += [_blocks] * 3
        found += [_imported] if axes[1] == "d" else []
    if len(axes) == 3 and fixed(axes[0]):
        found += [lambda maker, obj: _images(maker, obj, 0)] * 2
    return found


def of_indices(maker: Any, obj: Array) -> tuple[str, Any]:
    """What there is for an index besides numbers."""
    size = obj.base[4:-1]
    i, j = maker.variable(), maker.variable()
    larger = Array(f"Fin[{size} + 2]", ())
    text, out = maker.choose(
        lambda: maker.part(Array(obj.base, ()), "include", larger),
        lambda: (f"{i} |-> equal_index({i}, 0)", Array("Bool", ())),
        lambda: (f"({i} |-> ({i}, {i})) >> equal_index", Array("Bool", ())),
        lambda: (f"{i} |-> decide(equal_index({i}, 0), {i})", Sum(Array(obj.base, ()), Array(obj.base, ()))),
        lambda: (f"{i} |-> let {j} = one_hot({i}) in cross_entropy({j}, {i})", Array("R", ()))
        if fixed(size) else ("to_real", Array("R", ())),
    )()
    for axis in reversed(obj.axes):
        text, out = f"each({text})", out.under(axis)
    return text, out


def _imported(maker: Any, obj: Array) -> Any:
    if obj.axes == ("2*d",):
        maker.need("plain")
        return "widened", obj
    maker.need("blocks")
    block = maker.choose("blocks.block", f"blocks.block as {maker.label()}")
    return (block, obj) if len(obj.axes) == 1 else (f"each({block})", obj)


def _pointwise(maker: Any, obj: Array, depth: int) -> Any:
    text = maker.choose(*UNARY)
    if text == "-1.5":
        x = maker.variable()
        return f"{x} |-> add({x}, -1.5)", obj
    return text, obj


def _two(maker: Any, obj: Array, depth: int) -> Any:
    """Two of one input, and what two make."""
    x = maker.variable()
    one, other = maker.endo(obj, depth), maker.endo(obj, depth)
    kind = maker.draw(st.integers(0, 6))
    bools = Array("Bool", obj.axes)
    if kind == 0:
        return f"({one}, {other}) >> {maker.choose(*BINARY)}", obj
    if kind == 1:
        return f"({one}, {other}) >> {maker.choose(*COMPARED)}", bools
    if kind == 2:
        return f"({one}, {other}) >> {maker.choose(*LOSSES)}", Array("R", ())
    if kind == 3:
        return f"{x} |-> select({maker.choose(*COMPARED)}({x}, 0.5), ({one})({x}), ({other})({x}))", obj
    if kind == 4:
        return (f"{x} |-> {maker.choose('logical_and', 'logical_or')}(less({x}, 1), logical_not(greater({x}, -1)))",
                bools)
    if kind == 5:
        if not all(fixed(axis) for axis in obj.axes):
            return "sigmoid >> bernoulli", bools
        return f"{x} |-> add({x}, {maker.choose(*DRAWN, 'parameter')}())", obj
    if len(obj.axes) == 1:
        return f"(({one}) >> log_softmax, ({other}) >> softmax) >> kl_div", Array("R", ())
    return f"({one}) as {maker.label()}", obj



def _shared(maker: Any, obj: Array, depth: int) -> Any:
    """One instance in several places, and copies of one."""
    text, label = maker.endo(obj, depth), maker.label()
    x, f, g = maker.variable(), maker.variable(), maker.variable()
    return maker.choose(
        f"layer_norm as {label} >> relu >> layer_norm as {label}" if all(map(fixed, obj.axes)) else f"({text})^1",
        f"let {f} = ({text}), {g} = ({f} >> {f}) in {g} >> {f}",
        f"{x} |-> let {f} = ({text}), y{x} = {f}({x}) in maximum(y{x}, {f}(neg(y{x})))",
        f"(({text}) >> relu)^3 along copy", f"(({text})^2 >> tanh)^2",
        f"copy >> ({text}) * ({maker.endo(obj, depth)}) >> add",
        f"{x} |-> fst(({text})({x}), {x})",
    ), obj


def _declared(maker: Any, obj: Array, depth: int) -> Any:
    """By what stands elsewhere: combinators with generics of all kinds, params, imports, primitives from outside."""
    text = maker.endo(obj, depth)
    axes = obj.axes
    options = [
        lambda: (f"{maker.need('kept')}({text})", Pair(obj, obj)),
        lambda: (f"{maker.need('scaled')}[by = {maker.choose('0.25', '-1', '1 / sqrt(d)')}]", obj),
        lambda: (maker.need("scaled"), obj),
        lambda: (f"{maker.need('repeated')}[{maker.draw(st.integers(0, 3))}]({text})", obj),
        lambda: (f"dropout[{maker.need('rate')}]", obj),
        lambda: (f"scale[2 * {maker.need('rate')}]", obj),
        lambda: (maker.need("soft"), obj),
        lambda: _through(maker, obj, text),
        lambda: _conditional(maker, obj, text),
    ]
    if axes:
        options += [
            lambda: (f"{maker.need('turned')}[{maker.draw(st.integers(-3, 3))}]", obj),
            lambda: (f"roll[{maker.need('step')}]", obj),
            lambda: (f"{maker.need('padded')}[{maker.choose('constant', 'circular')}]",
                     Array("R", (f"{axes[0]} + 2", *axes[1:]))),
        ]
        if least(axes[0]) >= 2:
            options.append(lambda: (f"pad[1, mode = {maker.need('border')}]",
                                    Array("R", (f"{axes[0]} + 1", *axes[1:]))))
    if len(axes) == 1:
        options.append(lambda: _started(maker, obj, text))
    if len(axes) == 2:
        options.append(lambda: (f"{maker.need('looking')}[{maker.choose('true', 'false', maker.need('back'))}]", obj))
    return maker.choose(*options)()


def _through(maker: Any, obj: Array, text: str) -> Any:
    """The action of an endofunctor, by itself or as an argument."""
    kind = maker.draw(st.integers(0, 2))
    if kind == 0:
        maker.need("Beside")
        return f"(id, drop >> one) >> Beside[R[]]({text}) >> fst", obj
    if kind == 1:
        maker.need("Perhaps")
        return maker.part(obj, f"inr >> Perhaps[R[2]]({text})", Sum(Array("R", ("2",)), obj))
    maker.need("Both")
    name, out = maker.part(obj, f"(id, drop >> one) >> inr >> Both[R[], Bool]({text})",
                           Sum(Array("Bool", ()), Pair(obj, Array("R", ()))))
    return name, out


def _conditional(maker: Any, obj: Array, text: str) -> Any:
    """Into a case by what comes in, and out of it."""
    x = maker.variable()
    test = f"greater(({maker.collapsed(obj)})({x}), 0.0)"
    if maker.maybe():
        return f"{x} |-> decide({test}, {x})", Sum(obj, obj)
    return f"{x} |-> [{maker.endo(obj, 0)}, {text}](decide({test}, {x}))", obj


def _halved(maker: Any, obj: Array) -> Any:
    half = "d" if obj.axes[0] == "2*d" else "d // 2"
    if obj.axes[0] == "d":
        maker.need("half")
    out = Array("R", ("2", half, *obj.axes[1:]))
    kind = maker.draw(st.integers(0, 2))
    if kind == 0:
        maker.need("split_up")
        return "split_up[2]", out
    rest = " ".join(f"i{place}" for place in range(1, len(obj.axes)))
    if kind == 1:
        return maker.part(obj, f"rearrange((g k) {rest} -> g k {rest})", out)
    return maker.part(obj, "rearrange((g k) s... -> g k s...)", out)


def _started(maker: Any, obj: Array, text: str) -> Any:
    x = maker.variable()
    maker.need("with_start")
    return f"{x} |-> with_start({text}, relu({x}))({x})", obj


def _frozen(maker: Any, obj: Array) -> Any:
    maker.need("frozen")
    u, v = maker.variable(), maker.variable()
    return maker.choose(f"linear[_, d] along ({u}, {v}) |-> add(held, matmul[_, 2, _]({u}, {v}))",
                        f"{u} |-> contract(a b, b -> a)(held, {u})",
                        f"linear[_, d] as {maker.label()} along ({u} : R[d]) "
                        f"|-> add(held, contract(i, j -> i j)({u}, {u}))"), obj


def _along(maker: Any, obj: Array, depth: int) -> Any:
    """Along the first axis."""
    axes = obj.axes
    first, rest = axes[0], axes[1:]
    x, s = maker.variable(), maker.variable()
    options: list[Any] = [
        lambda: (maker.choose("cumsum", "cumprod", "flip", "roll[-2]", "roll[shift = 1]"), obj),
        lambda: ("to_list", Listed(obj.rest())),
        lambda: (f"{x} |-> at({x}, 0)", obj.rest()),
        lambda: (f"pad[left = 1, value = {maker.choose('0', '1.5', '-2')}]", Array("R", (f"{first} + 1", *rest))),
        lambda: (f"reduce({maker.choose('mean', 'sum', 'max', 'min', 'prod')}, {_names(axes)} -> {_names(axes, 1)})",
                 obj.rest()),
        lambda: (f"reduce({maker.choose('mean', 'sum', 'max')}, {_names(axes)} -> i0)", Array("R", (first,)))
        if len(axes) > 1 else (maker.choose("logsumexp"), obj.rest()),
        lambda: (f"reduce({maker.choose('mean', 'sum', 'max', 'min')}, i0 s... -> s...)", obj.rest()),
        lambda: (f"{x} |-> scatter({x}, index(), {x})", obj),
        lambda: (f"{x} |-> (gather >> ({maker.endo(obj, 0)}))({x}, flip(index()))", obj),
        lambda: maker.part(obj, "repeat(s... -> s... 2)", Array("R", (*axes, "2"))),
    ]
    if fixed(first):
        options += [lambda: (maker.choose("prelu", f"group_norm[{maker.choose('1', first)}]", "batch_norm",
                                          "batch_norm[momentum = 0.2]"), obj)] * 2
    if all(map(fixed, axes)):
        options += [lambda: (maker.choose("layer_norm", "rms_norm", "layer_norm[eps = 1e-3]"), obj),
                    lambda: (f"{x} |-> mul({x}, (parameter as {maker.label()})())", obj)]
    if least(first) >= 3:
        def padded() -> Any:
            mode = maker.choose("reflect", "replicate", "circular")
            return f"pad[2, 1, mode = {mode}]", Array("R", (f"{first} + 3", *rest))
        options += [
            padded,
            lambda: maker.part(obj, f"split[1, {first} - 1]", Pair(Array("R", ("1", *rest)),
                                                                   Array("R", (f"{first} - 1", *rest)))),
            lambda: ("slice[0, 2]", Array("R", ("2", *rest))),
            lambda: ("slice[start = 2, stop = 3]", Array("R", ("1", *rest))),
            lambda: (f"{x} |-> let ({s}, t{s}) = split[1]({x}) in concat(t{s}, {s})", obj),
        ]
    if len(axes) == 1:
        options += [
            lambda: (maker.choose("softmax", "log_softmax"), obj),
            lambda: (maker.choose("argmax", "argmin"), Array(f"Fin[{first}]", ())),
            lambda: ("sort", Pair(obj, Array(f"Fin[{first}]", (first,)))),
            lambda: (f"{x} |-> {maker.choose('cross_entropy', 'nll_loss')}({x}, argmax({x}))", Array("R", ())),
            lambda: (f"{x} |-> one_hot(argmax({x}))", obj),
        ]
    return maker.choose(*options)()


def _structured(maker: Any, obj: Array, depth: int) -> Any:
    """Along an axis by the power functor."""
    if depth <= 0:
        return None
    x, v = maker.variable(), maker.variable()
    inner, out = maker.inside(obj.rest(), depth)
    if maker.maybe():
        return f"each(({inner}) as {maker.label()})", out.under(obj.axes[0])
    return f"{x} |-> each({v} |-> ({inner})(add({v}, at({x}, 0))))({x})", out.under(obj.axes[0])


def _names(axes: tuple[str, ...], start: int = 0) -> str:
    return " ".join(f"i{place}" for place in range(start, len(axes)))


def _learnt(maker: Any, obj: Array, depth: int) -> Any:
    [size] = obj.axes
    out = maker.choose(*LEARNT)
    x, u, f = maker.variable(), maker.variable(), maker.variable()
    wide = Array("R", (out,))
    options = [
        lambda: (f"affine[_, {out}] init {maker.choose(*INITIALISERS)}", wide),
        lambda: (f"(affine[_, {out}] as {maker.label()} init {maker.choose(*INITIALISERS)})", wide),
        lambda: (f"linear[n = {out}]", wide),
        lambda: (f"{x} |-> bilinear[_, _, {out}]({x}, tanh({x}))", wide),
        lambda: (f"{x} |-> (bilinear[n = {out}] as {maker.label()})({x}, {x})", wide),
        lambda: (f"{x} |-> family[{size}](affine[_, {out}])(argmax({x}), {x})", wide),
        lambda: (f"{x} |-> (family[3](linear[_, {out}] >> tanh) as {maker.label()})(0, {x})", wide),
        lambda: (f"affine[_, {size}] along ({u} : R[{size}]) |-> (contract(i, j -> i j)({u}, {u}), {u})", obj),
        lambda: _tied(maker, obj, out),
        lambda: (f"{f} |-> let g{f} = affine[_, {out}] in (g{f}({f}), g{f}(relu({f})))", Pair(wide, wide)),
        lambda: (maker.part(obj, f"affine[_, {size}] >> dropout[0.3] in eval affine[_, {size}]", obj)[0], obj),
    ]
    return maker.choose(*options)()


def _tied(maker: Any, obj: Array, out: str) -> Any:
    x, label = maker.variable(), maker.label()
    return (f"{x} |-> contract(o, o i -> i)((linear[_, {out}] as {label})({x}), {label}.weight)", obj)


def _library(maker: Any, obj: Array, out: str) -> Any:
    maker.need("std")
    size = obj.axes[0]
    wide = Array("R", (out,))
    act = maker.choose("relu", "gelu", "tanh >> square", "id")
    return maker.choose(
        (f"mlp[hidden = {maker.choose(*LEARNT)}, n = {out}]({act})", wide),
        (f"gated_mlp[{maker.choose(*LEARNT)}, _, {out}]({act})", wide), ("normalize", obj),
        ("normalize[eps = 1e-6]", obj), ("(id, tanh) >> cosine_similarity", Array("R", ())),
        ("(id, relu) >> dot_product", Array("R", ())), (f"residual(mlp[5, _, {size}](relu))^2", obj))


def _cell(maker: Any, obj: Array) -> Any:
    """A power, the same tied, and the 2-cell between them."""
    deep, tied, cell = (maker.named(kind) for kind in ("deep", "tied", "cell"))
    [size] = obj.axes
    count = maker.draw(st.integers(1, 3))
    maker.declare(f"morphism {deep} : {obj} -> {obj} = (affine[_, {size}] >> relu)^{count}\n"
                  f"morphism {tied} : {obj} -> {obj} = {deep} along copy\ncell {cell} : {deep} => {tied} = copy\n")
    return maker.choose(deep, tied), obj


def _recurring(maker: Any, obj: Array, depth: int) -> Any:
    return unfolded(maker, obj)


def _rows(maker: Any, obj: Array, depth: int) -> Any:
    first, second = obj.axes
    x, v = maker.variable(), maker.variable()
    options = [
        lambda: ("transpose", Array("R", (second, first))),
        lambda: (f"{x} |-> attend[causal = {maker.choose('true', 'false')}]({x}, {x}, {x})", obj),
        lambda: (f"{x} |-> masked_attend({x}, {x}, {x}, greater(matmul({x}, transpose({x})), 0.0))", obj),
        lambda: (f"{x} |-> (matmul >> transpose)(transpose({x}), {x})", Array("R", (second, second))),
        lambda: (f"{x} |-> contract(a b, a c, a -> b c)({x}, {x}, reduce(sum, a b -> a)({x}))",
                 Array("R", (second, second))),
        lambda: (f"each({maker.choose('softmax', 'log_softmax', 'sort >> fst')})", obj),
        lambda: (f"{x} |-> each({v} |-> softmax(contract(a b, b -> a)({x}, {v})))({x})", Array("R", (first, first))),
    ]
    if fixed(second):
        options.append(lambda: (f"each(affine[_, {second}] as {maker.label()} >> layer_norm)", obj))
    return maker.choose(*options)()


def _blocks(maker: Any, obj: Array) -> Any:
    maker.need("std")
    second = obj.axes[1]
    x = maker.variable()
    heads = maker.choose("1", "2") if second in ("2", "2*d") else "1"
    head = maker.choose("attend", "attend[causal = true]")
    options = [
        (f"self_attention[{heads}]({head})", obj), (f"(id, relu) >> attention[{heads}](attend)", obj),
        (f"pre_norm_block[{heads}, 5](attend, gelu)^{maker.draw(st.integers(1, 2))}", obj),
        (f"post_norm_block[{heads}, hidden = 3]({head}, relu) as {maker.label()}", obj),
        (f"pre_norm(each(affine[_, {second}]))", obj), ("post_norm(relu)", obj),
        (f"{x} |-> self_attention[{heads}]((q, k, v) "
         f"|-> masked_attend(q, k, v, less(matmul(q, transpose(k)), 1)))({x})", obj),
        (f"{x} |-> masked_mean({x}, less(reduce(sum, a b -> a)({x}), 0.0))", Array("R", (second,))),
    ]
    if second in ("2", "2*d"):
        options += [("rotary", obj), (f"{x} |-> add({x}, sinusoidal())", obj)]
    return maker.choose(*options)


def _signals(maker: Any, obj: Array, depth: int) -> Any:
    channels, length = obj.axes
    if not fixed(channels) or least(length) < 3:
        return "transpose", Array("R", (length, channels))
    out = maker.choose("2", "3", "d")
    stride, dilation = maker.choose(1, 2), maker.choose(1, 1, 2)
    bias = maker.choose("", ", bias = false")
    mode = maker.choose("", "", ", padding_mode = circular", ", padding_mode = replicate", ", padding_mode = reflect")
    return maker.choose(
        lambda: (f"conv1d[_, {out}, 3, stride = {stride}, left = 1, dilation = {dilation}{bias}{mode}]",
                 Array("R", (out, f"(({length}) + 2 - {2 * dilation} - 1) // {stride} + 1"))),
        lambda: (f"conv1d[_, {channels}, 2, left = 1, right = 0, groups = {channels}]", obj),
        lambda: (f"conv_transpose1d[_, {out}, 3, stride = 2, padding = 1{bias}]",
                 Array("R", (out, f"(({length}) - 1)*2 + 1"))),
        lambda: (f"conv_transpose1d[_, {out}, 3, stride = 2, output_padding = 1]",
                 Array("R", (out, f"(({length}) - 1)*2 + 4"))),
        lambda: ("max_pool1d[3, stride = 2, padding = 1]", Array("R", (channels, f"(({length}) - 1) // 2 + 1"))),
        lambda: ("max_pool1d[2, dilation = 2, stride = 1]", Array("R", (channels, f"({length}) - 2"))),
        lambda: ("avg_pool1d[2]", Array("R", (channels, f"(({length}) - 2) // 2 + 1"))),
        lambda: (f"upsample1d[2, {maker.choose('nearest', 'linear')}]", Array("R", (channels, f"2*({length})"))),
        lambda: ("upsample1d[factor = 3]", Array("R", (channels, f"3*({length})"))),
    )()


def _images(maker: Any, obj: Array, depth: int) -> Any:
    channels, height, width = obj.axes
    if least(height) < 3 or least(width) < 3:
        return "layer_norm" if all(map(fixed, obj.axes)) else "relu", obj
    out = maker.choose("2", "3")
    mode = maker.choose("", ", padding_mode = circular", ", padding_mode = replicate", ", padding_mode = reflect")
    return maker.choose(
        lambda: (f"conv2d[_, {out}, 3, stride = 2, top = 1{mode}]",
                 Array("R", (out, f"(({height}) - 1) // 2 + 1", f"(({width}) - 1) // 2 + 1"))),
        lambda: (f"conv2d[_, {out}, 3, l = 1, top = 1, left = 0, bias = false]", Array("R", (out, height, width))),
        lambda: (f"conv2d[_, {channels}, 2, bottom = 1, right = 1, dilation_w = 2, groups = {channels}]",
                 Array("R", (channels, height, f"({width}) - 1"))),
        lambda: (f"conv_transpose2d[_, {out}, 2, stride = 2]", Array("R", (out, f"2*({height})", f"2*({width})"))),
        lambda: ("max_pool2d[2]", Array("R", (channels, f"(({height}) - 2) // 2 + 1", f"(({width}) - 2) // 2 + 1"))),
        lambda: ("avg_pool2d[3, stride = 1, padding = 1]", obj),
        lambda: (f"upsample2d[2, mode = {maker.choose('nearest', 'bilinear')}]",
                 Array("R", (channels, f"2*({height})", f"2*({width})"))),
        lambda: ("batch_norm >> relu", obj), lambda: ("prelu", obj), lambda: ("group_norm[1]", obj),
        lambda: ("reduce(mean, c h w -> c)", Array("R", (channels,))),
    )()


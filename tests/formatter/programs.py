"""Random texts that parse, over all constructs of the grammar: what a construct may be, as words parted by blanks.

The derivations in ``tests/grammar/material.py`` have each rule of the grammar too, but few of those with a pattern or a
condition in them are texts that parse.
"""

from __future__ import annotations

import random

LONG = "a_name_that_is_rather_long"
#: Words in capitals stand for one of their alternatives; the first of these is the shortest.
CONSTRUCTS = {
    "FILE": ["DECLARATION", "DECLARATION FILE", "DECLARATION FILE", "DECLARATION DECLARATION FILE"],
    "DECLARATION": [
        "dim NAME", "dim NAME , NAME = SIZE , NAME >= SIZE WHERE", "dim NAME ≤ SIZE = SIZE", "import std . nn",
        'import "a_file.cat"', 'import "b.cat" ( n = SIZE , NAME = SIZE , ) as NAME', "import a . b as NAME",
        'allow E0205 "kept"', 'allow E0203 in file "as_it_was"', "param NAME : real",
        "param NAME : choice ( NAME , NAME ) = SIZE", "object NAME = OBJECT", "object A = OBJECT",
        "object BB GENERICS = OBJECT WHERE", "object NAME GENERICS : OBJECT WHERE", "morphism NAME : TYPE",
        "morphism NAME GENERICS PARAMETERS : TYPE = EXPR", "morphism NAME : TYPE = EXPR",
        "morphism NAME GENERICS PARAMETERS : TYPE state OBJECT = EXPR in eval EXPR WHERE",
        'extern morphism NAME : TYPE = python "a.b:C"',
        'extern morphism NAME GENERICS : TYPE = python "a:C" ( n = SIZE , NAME = 1 / SIZE , ) WHERE',
        "primitive NAME GENERICS PARAMETERS : TYPE BANKS WHERE", "cell NAME GENERICS : CHAIN => CHAIN = EXPR",
        "frozen NAME : OBJECT", "frozen NAME : OBJECT init INITIALISER", "endofunctor NAME = OBJECT >> OBJECT",
        "endofunctor NAME GENERICS ( X ) = OBJECT", "algebra NAME GENERICS PARAMETERS : TYPE = EXPR WHERE",
        "coalgebra NAME : TYPE = EXPR", "algebra NAME : TYPE of monad CHAIN = EXPR",
        "law NAME GENERICS ∀ ( NAME , NAME : OBJECT ) : RELATION in train WHERE", "law : RELATION", "law ∀ : RELATION",
        "law NAME ( x : OBJECT ) : RELATION WHERE", "transformation NAME GENERICS : TYPE = EXPR",
        "translation NAME : TYPE BODY WHERE", "monad NAME BODY", "theory NAME THEORY", "group NAME = EXPR",
        "category NAME BODY", "semiring NAME = EXPR WHERE", "monoid NAME BODY", "cocycle NAME BODY",
        "extension NAME BODY", "model NAME GENERICS : CHAIN { }",
        "model NAME GENERICS : T { NAME = EXPR , NAME = EXPR , } WHERE",
        "action NAME : CHAIN on CHAIN = EXPR WHERE",
        "action NAME : CHAIN on CHAIN BODY", "hom NAME : TYPE = EXPR", "lax hom NAME : TYPE up to CHAIN = EXPR WHERE",
        "budget RELATION WHERE", "strength NAME GENERICS : TYPE = EXPR"],
    "THEORY": ["{ }", "{ sort NAME }", "{ sort M , op NAME : TYPE , LAW , }", "{ LAW , LAW }"],
    "LAW": ["law : RELATION", "law NAME PARAMETERS : RELATION",
            "law NAME ( x , y : OBJECT ) : RELATION where RELATION"],
    "BODY": ["{ }", "{ ENTRY }", "{ ENTRY , ENTRY , ENTRY }", "{ ENTRY , ENTRY , }"],
    "ENTRY": ["NAME", "NAME = EXPR", "sort NAME", "op NAME : TYPE", "arrow NAME : TYPE", "object NAME",
              "law : RELATION",
              "law NAME PARAMETERS : RELATION", "law NAME ( x , y : OBJECT ) : RELATION where RELATION"],
    "GENERICS": ["", "[ NAME ]", "[ n , s ... , A : object , NAME : nat = SIZE , F : endofunctor , ]",
                 "[ n : dim = SIZE ]",
                 "[ mode : choice ( NAME , NAME ) = NAME ]", "[ s … : nat = SIZE ]"],
    "PARAMETERS": ["", "( f : TYPE )", "( f , g : TYPE , x : OBJECT , )", "( x : OBJECT , y : TYPE )"],
    "BANKS": ["", "weights OBJECT", "weights OBJECT state OBJECT noise OBJECT reduces batch", "copies SIZE"],
    "WHERE": ["", "", "where RELATION", "where RELATION if NAME == NAME , RELATION , SIZE divides SIZE",
              "where RELATION"],
    "RELATION": ["CHAIN == CHAIN", "SIZE <= SIZE ≥ SIZE", "SIZE < SIZE", "SIZE ≠ SIZE > SIZE",
                 "CHAIN == CHAIN == CHAIN"],
    "TYPE": ["OBJECT -> OBJECT", "OBJECT → OBJECT"],
    "OBJECT": ["A", "R [ SIZE , SIZE ]", "OBJECT * OBJECT", "OBJECT + OBJECT × OBJECT",
               "( NAME : OBJECT ) * ( y : OBJECT )",
               "Fin [ SIZE ]", "A ^ NAME", "A ^ ( SIZE , SIZE )", "( OBJECT ) ^ OBJECT", "List ( OBJECT )",
               "mu F [ A ]",
               "μ ( X |-> OBJECT )", "nu F [ OBJECT * OBJECT ]", "R [ n ] over T", "R [ ]", "1", "( f : TYPE )"],
    "SIZE": ["n", "2", "2 * SIZE", "SIZE + SIZE - SIZE", "( SIZE - 1 ) // NAME + 1", "SIZE % 3", "n ^ 2", "- 1",
             "1 / SIZE",
             "m . d", "( SIZE )", "1e-12", "1_000", "sum ( NAME )", "N * n"],
    "EXPR": ["CHAIN", "CHAIN", "PATTERN |-> EXPR", "PATTERN ↦ PATTERN |-> EXPR", "ATOM along EXPR",
             "let PATTERN = EXPR in EXPR", "let x = EXPR , PATTERN = EXPR , z = CHAIN in EXPR"],
    "PATTERN": ["x", "( x , y )", "( x , ( _ , y ) , )", "( x : OBJECT )", "( )", f"( {LONG} , ( x , {LONG} ) )"],
    "CHAIN": ["SUM", "SUM", "SUM >> SUM", "SUM >> SUM >> SUM >> SUM", "SUM ∘ SUM ∘ SUM"],
    "SUM": ["ATOM", "ATOM", "ATOM * ATOM", "ATOM + ATOM - ATOM", "ATOM ^ SIZE", "- ATOM", "ATOM + ATOM × ATOM / ATOM"],
    "ATOM": ["f", "NAME", "ATOM as NAME", "NAME ( ITEMS )", "NAME [ SIZE , NAME = SIZE ]", "f ( )",
             "NAME [ _ , SIZE ] ( ITEMS )",
             "( EXPR )", "( EXPR , EXPR )", "[ EXPR , EXPR ]", "[ EXPR , EXPR , EXPR , ]", "...", "…", "3", "2.5e-3",
             "( ATOM init INITIALISER )", "f ( s ... )", "NAME . NAME", "( EXPR ) ( ITEMS )",
             "rearrange ( AXES -> AXES )", "f over S",
             "repeat ( → AXES )", "repeat ( AXES -> AXES )", "contract ( AXES , AXES , AXES -> AXES )",
             "reduce ( sum , AXES -> )", "reduce ( mean , AXES -> AXES )", "contract ( -> )"],
    "ITEMS": ["EXPR", "EXPR , EXPR", "EXPR , EXPR , EXPR , EXPR ,", "x : OBJECT , NAME = EXPR",
              "NAME = EXPR , f : TYPE"],
    "AXES": ["n", "n d", "n ( h k ) 3", "s ... n", "( t … ( n ) )", f"( {LONG} k ) {LONG}"],
    "INITIALISER": ["zeros", "normal ( 0 , SIZE )", "( U = zeros , V = normal ( 0 , 0.02 ) , )", "zeros ( )"],
    "NAME": ["a", "n", "up", "state", "h2", "group", "Name", "φ", "ﬁx", LONG],
}


def program(seed: int, start: str = "FILE", deepest: int = 8) -> str:
    """A text made of the constructs; below ``deepest`` each is the shortest it may be."""
    chance = random.Random(seed)
    words: list[str] = []
    waiting = [(start, 0)]
    while waiting:
        word, depth = waiting.pop()
        alternatives = CONSTRUCTS.get(word)
        if alternatives is None:
            words.append(word)
            continue
        chosen = alternatives[0] if depth >= deepest else chance.choice(alternatives)
        below = depth if word == "FILE" else depth + 1
        waiting += [(part, below) for part in reversed(chosen.split())]
    return " ".join(words)

"""The syntax of catlang: one Lark grammar, and the editor grammars that are held to it."""

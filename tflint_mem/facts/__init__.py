"""Facts: what one walk over a module's syntax tree leaves behind.

`collect(code, filename)` parses with the standard library and returns `Facts`: scopes, blocks, statements, calls and
expressions as records that refer to each other by number.  No syntax node survives, so facts can be packed and kept for a
whole project.

    records      calls, scopes, blocks, and the facts as a whole
    statements   a class for each kind of statement
    expressions  a class for each kind of expression, and what can be asked of one alone
    position     where something stands
    pack         a body as bytes, for large projects
    walker       how all of it is made: `walker_statements`, `walker_expressions`, `mentioned`
"""

from .expressions import (
    CLS,
    FALSE,
    NONE,
    SELF,
    TRUE,
    Attribute,
    Await,
    BinaryOp,
    BoolOp,
    CallRef,
    Comparison,
    Comprehension,
    Conditional,
    Constant,
    DictDisplay,
    Display,
    Expression,
    FString,
    Lambda,
    ListDisplay,
    Name,
    Reference,
    SequenceDisplay,
    SetDisplay,
    Slice,
    Starred,
    Subscript,
    TupleDisplay,
    UnaryOp,
    Unknown,
    Walrus,
    Yield,
    dotted,
    tail_of,
    walk,
)
from .position import Pos
from .record import Record, new
from .records import (
    LOOPS,
    NOTHING,
    S_BASES,
    S_CALLS,
    S_DECORATORS,
    S_END,
    S_FLAGS,
    S_KIND,
    S_LINE,
    S_NAME,
    S_PARAMS,
    S_PARENT,
    S_RETURNS,
    S_STMT,
    S_STMTS,
    Block,
    Call,
    Clause,
    Facts,
    Keyword,
    Parameter,
    Scope,
    Span,
)
from .statements import (
    ASSIGN,
    AUGMENT,
    CLASS,
    DEF,
    DELETE,
    EXPR,
    FOR,
    GLOBAL,
    IF,
    IMPORT,
    JUMP,
    OTHER,
    RETURN,
    TRY,
    WHILE,
    WITH,
    Assign,
    Augment,
    ClassDef,
    Def,
    Delete,
    ExprStatement,
    For,
    Global,
    Handler,
    If,
    Import,
    Imported,
    Jump,
    Other,
    Return,
    Statement,
    Try,
    While,
    With,
    WithItem,
)
from .walker import collect
from .walker_expressions import MAX_ITEMS

namespace Gatehouse.Hub.Queries.Language;

/// <summary>Types of the language. Values of different types never compare.</summary>
internal enum ValueKind
{
    Undefined,
    Null,
    False,
    True,
    Number,
    Text,
    Array,
    Object,
}

namespace Gatehouse.Hub.Queries;

/// <summary>Bounds of the language itself; fixed, so that a query that works on one server works on all.</summary>
internal static class QueryLimits
{
    /// <summary>Longest query. UTF-16 units. Source: IoT Hub "Query language for device and module twins" page.</summary>
    internal const int MaxCharacters = 8192;

    /// <summary>Deepest nesting of brackets, functions and operators. Ours: keeps the stack of every reader of a tree small.</summary>
    internal const int MaxDepth = 48;

    /// <summary>Most parts of a path. Ours; a twin is 10 deep.</summary>
    internal const int MaxSteps = 32;

    /// <summary>Longest text that a function may make. Bytes of UTF-8. Ours.</summary>
    internal const int MaxTextBytes = 64 * 1024;

    /// <summary>Deepest JSON body that a condition looks into. Ours.</summary>
    internal const int MaxBodyDepth = 64;
}

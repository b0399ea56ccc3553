namespace Gatehouse.ServiceApi.Rest.Queries;

/// <summary>A query as callers send it.</summary>
internal sealed class QueryBody
{
    public string? Query { get; init; }
}

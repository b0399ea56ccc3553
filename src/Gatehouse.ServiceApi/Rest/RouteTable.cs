using System.Collections.Frozen;
using Gatehouse.Wire.Http;

namespace Gatehouse.ServiceApi.Rest;

/// <summary>Finds the operation for a method and a decoded path.</summary>
internal sealed class RouteTable
{
    private readonly FrozenSet<string> roots;
    private readonly List<Route> routes;

    /// <exception cref="ArgumentException">Two operations share method and template.</exception>
    public RouteTable(IEnumerable<ApiOperation> operations)
    {
        routes = [.. operations.Select(operation => new Route(operation)).OrderByDescending(route => route.FixedSegments)];
        roots = routes.Select(route => route.Segments[0]).ToFrozenSet(StringComparer.OrdinalIgnoreCase);
        var twice = routes.GroupBy(route => $"{route.Operation.Method} {route.Operation.Template}", StringComparer.OrdinalIgnoreCase).FirstOrDefault(group => group.Count() > 1);
        if (twice is not null)
        {
            throw new ArgumentException($"Two operations are registered for {twice.Key}.", nameof(operations));
        }
    }

    /// <summary>Whether the path lies below a first segment that has operations; everything else belongs to others (WebSocket, health, metrics).</summary>
    internal bool Owns(RequestTarget target) => target.Segments.Count > 0 && roots.Contains(target.Segments[0]);

    /// <summary>The operation and the values of its <c>{name}</c> segments; or none, with the methods that the path has.</summary>
    internal RouteMatch Find(string method, RequestTarget target)
    {
        List<string>? methods = null;
        foreach (var route in routes)
        {
            if (!route.Matches(target.Segments))
            {
                continue;
            }

            if (string.Equals(route.Operation.Method, method, StringComparison.Ordinal))
            {
                return new RouteMatch(route.Operation, route.Values(target.Segments), []);
            }

            (methods ??= []).Add(route.Operation.Method);
        }

        return new RouteMatch(null, FrozenDictionary<string, string>.Empty, methods ?? []);
    }

    private sealed class Route(ApiOperation operation)
    {
        internal ApiOperation Operation { get; } = operation;

        internal string[] Segments { get; } = operation.Template.Split('/');

        internal int FixedSegments => Segments.Count(segment => segment[0] != '{');

        internal bool Matches(IReadOnlyList<string> path)
        {
            if (path.Count != Segments.Length)
            {
                return false;
            }

            for (var i = 0; i < Segments.Length; i++)
            {
                var fits = Segments[i][0] == '{' ? path[i].Length > 0 : string.Equals(Segments[i], path[i], StringComparison.OrdinalIgnoreCase);
                if (!fits)
                {
                    return false;
                }
            }

            return true;
        }

        internal Dictionary<string, string> Values(IReadOnlyList<string> path)
        {
            var values = new Dictionary<string, string>(StringComparer.Ordinal);
            for (var i = 0; i < Segments.Length; i++)
            {
                if (Segments[i][0] == '{')
                {
                    values[Segments[i][1..^1]] = path[i];
                }
            }

            return values;
        }
    }
}

/// <param name="Operation">Null when nothing matched.</param>
/// <param name="Values">Decoded segments by name.</param>
/// <param name="OtherMethods">Methods that the path has; empty when the path is unknown.</param>
internal readonly record struct RouteMatch(ApiOperation? Operation, IReadOnlyDictionary<string, string> Values, IReadOnlyList<string> OtherMethods);

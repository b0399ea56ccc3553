using Gatehouse.Contracts.Access;
using Gatehouse.Contracts.Errors;

namespace Gatehouse.Gateway.Http;

/// <summary>One operation of the HTTPS device plane: where it lives, the row that says who may use it, and what it does. One class, one file.</summary>
internal abstract class DeviceOperation(Operation row, string method, string template)
{
    internal Operation Row { get; } = row;

    /// <summary>HTTP method in capitals.</summary>
    internal string Method { get; } = method;

    /// <summary>Segments after <c>/devices/{id}/</c>; <c>{name}</c> takes one segment as it is, fixed ones match in any case.</summary>
    internal string[] Template { get; } = template.Split('/');

    /// <summary>Whether each request counts as one operation of its row's class.</summary>
    internal virtual bool IsThrottledByRequest => true;

    /// <summary>Runs for a device that is known and may do this. Null: the answer was written. Expected failures are answers, not exceptions.</summary>
    internal abstract ValueTask<HubError?> RunAsync(DeviceRequest request, CancellationToken cancellationToken);

    internal bool Matches(string method, IReadOnlyList<string> path)
    {
        if (path.Count != Template.Length + 2 || !string.Equals(method, Method, StringComparison.Ordinal))
        {
            return false;
        }

        for (var i = 0; i < Template.Length; i++)
        {
            var segment = path[i + 2];
            var fits = Template[i][0] == '{' ? segment.Length > 0 : string.Equals(Template[i], segment, StringComparison.OrdinalIgnoreCase);
            if (!fits)
            {
                return false;
            }
        }

        return true;
    }
}

using System.Text;

namespace Gatehouse.Cli.Connecting;

/// <summary>A path and query of the hub's APIs, each segment and value percent-encoded once.</summary>
internal sealed class HubPath
{
    private static readonly UriCreationOptions Verbatim = new() { DangerousDisablePathAndQueryCanonicalization = true };

    private readonly string path;
    private readonly StringBuilder query = new();
    private readonly string? apiVersion;

    private HubPath(string path, string? apiVersion) => (this.path, this.apiVersion) = (path, apiVersion);

    /// <summary>Of the service API.</summary>
    internal static HubPath Service(params IEnumerable<string> segments) => new(Join(segments), "2021-04-12");

    /// <summary>Of the provisioning service's API.</summary>
    internal static HubPath Provisioning(params IEnumerable<string> segments) => new(Join(segments), "2021-10-01");

    /// <summary>Of the provisioning service's API for devices.</summary>
    internal static HubPath Registration(params IEnumerable<string> segments) => new(Join(segments), "2021-06-01");

    /// <summary>Of Gatehouse's operator API, which has no versions of that kind.</summary>
    internal static HubPath Operator(params IEnumerable<string> segments) => new("/gatehouse/v1" + Join(segments), apiVersion: null);

    /// <summary>Adds a parameter; one without a value is left out.</summary>
    internal HubPath With(string name, string? value)
    {
        if (value is not null)
        {
            query.Append(query.Length == 0 ? '?' : '&').Append(name).Append('=').Append(Uri.EscapeDataString(value));
        }

        return this;
    }

    internal Uri ToUri(HubAddress address) => ToUri(address.HostName, address.HttpsPort);

    internal Uri ToUri(string hostName, int port)
    {
        var version = apiVersion is null ? "" : $"{(query.Length == 0 ? '?' : '&')}api-version={apiVersion}";
        var host = hostName.Contains(':', StringComparison.Ordinal) ? $"[{hostName}]" : hostName;

        // "." and ".." are device ids; the usual rules for addresses would remove them.
        return new Uri($"https://{host}:{port}{path}{query}{version}", Verbatim);
    }

    private static string Join(IEnumerable<string> segments) => string.Concat(segments.Select(segment => "/" + Uri.EscapeDataString(segment)));
}

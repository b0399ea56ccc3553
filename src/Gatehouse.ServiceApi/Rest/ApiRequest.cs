using System.Text.Json.Serialization.Metadata;
using Gatehouse.Contracts.Access;
using Gatehouse.Contracts.Errors;
using Gatehouse.Contracts.Identities;
using Gatehouse.Hub.Registry;
using Microsoft.AspNetCore.Http;

namespace Gatehouse.ServiceApi.Rest;

/// <summary>A request whose caller is known and may do what it asks for.</summary>
internal sealed class ApiRequest(HttpContext http, Principal principal, IReadOnlyDictionary<string, string> values, ServiceApiOptions options)
{
    /// <summary>For streams and headers of the operation's own.</summary>
    internal HttpContext Http { get; } = http;

    internal Principal Principal { get; } = principal;

    internal HubName Hub => Principal.Hub;

    /// <summary>For the audit log: <c>policy:iothubowner</c>.</summary>
    internal string Actor => $"policy:{Principal.PolicyName}";

    /// <summary>A decoded segment of the path.</summary>
    internal string Segment(string name) => values[name];

    /// <summary>A query parameter (names in any case); null when absent, the first when it is repeated.</summary>
    internal string? Query(string name) => Http.Request.Query.TryGetValue(name, out var found) && found.Count > 0 ? found[0] : null;

    internal Result<DeviceId> DeviceId() =>
        Contracts.Identities.DeviceId.TryParse(Segment("deviceId"), out var id)
            ? id
            : HubErrors.ArgumentInvalid.With("The device id must have 1 to 128 characters of A-Z a-z 0-9 - . + % _ # * ? ! ( ) , : = @ $ ' ;");

    /// <summary>The module that <c>{deviceId}</c> and <c>{moduleId}</c> name.</summary>
    internal Result<IdentityKey> ModuleKey()
    {
        var device = DeviceId();
        if (!device.IsOk)
        {
            return device.Error;
        }

        return ModuleId.TryParse(Segment("moduleId"), out var module)
            ? new IdentityKey(device.Value, module)
            : HubErrors.ArgumentInvalid.With("The module id must have 1 to 128 characters of A-Z a-z 0-9 - . + % _ # * ? ! ( ) , : = @ $ ' ;");
    }

    /// <summary>The device, or the module where the path has <c>{moduleId}</c>.</summary>
    internal Result<IdentityKey> Identity()
    {
        if (values.ContainsKey("moduleId"))
        {
            return ModuleKey();
        }

        var device = DeviceId();
        return device.IsOk ? new IdentityKey(device.Value) : device.Error;
    }

    internal Result<IfMatch> IfMatch()
    {
        var header = Http.Request.Headers.IfMatch;
        return header.Count > 1
            ? HubErrors.ArgumentInvalid.With("Only one If-Match header is allowed.")
            : Gatehouse.Hub.Registry.IfMatch.Parse(header.Count == 0 ? null : header[0]);
    }

    internal Task<Result<T>> ReadJsonAsync<T>(JsonTypeInfo<T> typeInfo, CancellationToken cancellationToken)
        where T : class => JsonBody.ReadAsync(Http.Request, typeInfo, options, cancellationToken);

    /// <summary>A JSON body as it came, not parsed yet: for documents of the caller's own shape.</summary>
    internal Task<Result<ReadOnlyMemory<byte>>> ReadBytesAsync(CancellationToken cancellationToken) => JsonBody.ReadBytesAsync(Http.Request, options, cancellationToken);
}

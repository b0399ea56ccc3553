using System.Globalization;
using System.Text;
using System.Text.Json.Serialization.Metadata;
using Gatehouse.Contracts.Access;
using Gatehouse.Contracts.Errors;
using Gatehouse.Contracts.Identities;
using Gatehouse.Provisioning.AccessPolicies;
using Gatehouse.Provisioning.Enrollments;
using Microsoft.AspNetCore.Http;

namespace Gatehouse.Provisioning.ServiceDoor;

/// <summary>A call whose caller is known and may do what it asks for.</summary>
internal sealed class ServiceRequest(HttpContext http, Principal principal, string? id, ProvisioningOptions options)
{
    internal HubName Service => principal.Hub;

    /// <summary>For the audit log.</summary>
    internal string Actor => $"policy:{principal.PolicyName}";

    /// <summary>The same with what it may, for changes of policies.</summary>
    internal PolicyCaller PolicyCaller => new(principal.Hub, principal.PolicyName ?? "", Actor, principal.Rights);

    /// <summary>Id in the path, as sent.</summary>
    internal string Id => id!;

    /// <summary>The enrollment that the path names.</summary>
    internal Result<EnrollmentKey> Key(EnrollmentKind kind) =>
        EnrollmentKey.IsValid(id) ? EnrollmentKey.Of(kind, id!) : ProvisioningErrors.ArgumentInvalid.With($"The id in the path must have {EnrollmentKey.Rule}.");

    /// <summary>A parameter of the query; null when it is not there or empty.</summary>
    internal string? Query(string name) => http.Request.Query[name] is [{ Length: > 0 } value] ? value : null;

    /// <summary>Without quotes; null when there is none.</summary>
    internal Result<string?> IfMatch() => EntityTag.Read(http.Request.Headers.IfMatch.Count == 0 ? null : http.Request.Headers.IfMatch[0]);

    /// <summary>Whether the caller insists.</summary>
    internal bool IsForced => string.Equals(http.Request.Query["force"], "true", StringComparison.OrdinalIgnoreCase);

    /// <summary>ArgumentInvalid also when the body is empty.</summary>
    internal async Task<Result<T>> ReadAsync<T>(JsonTypeInfo<T> typeInfo, CancellationToken cancellationToken)
        where T : class
    {
        var body = await ReadOptionalAsync(typeInfo, cancellationToken);
        return !body.IsOk ? body.Error : body.Value is null ? ProvisioningErrors.ArgumentInvalid.With("The body is empty.") : body.Value;
    }

    internal Task<Result<T?>> ReadOptionalAsync<T>(JsonTypeInfo<T> typeInfo, CancellationToken cancellationToken)
        where T : class => JsonBody.ReadAsync(http.Request, typeInfo, options.MaxServiceBodyBytes, cancellationToken);

    /// <summary>Items of the page that is wanted.</summary>
    internal Result<int> PageSize()
    {
        var header = http.Request.Headers["x-ms-max-item-count"].ToString();
        return header.Length == 0 ? options.MaxPageItems
            : int.TryParse(header, NumberStyles.None, CultureInfo.InvariantCulture, out var count) && count > 0 ? Math.Min(count, options.MaxPageItems)
            : ProvisioningErrors.ArgumentInvalid.With("The header x-ms-max-item-count must be a whole number above 0.");
    }

    /// <summary>The id after which the page begins; empty at the start.</summary>
    internal Result<string> After()
    {
        var header = http.Request.Headers["x-ms-continuation"].ToString();
        Span<byte> bytes = stackalloc byte[256];
        return header.Length == 0 ? Result<string>.Of("")
            : header.Length <= 256 && Convert.TryFromBase64String(header, bytes, out var length) && EnrollmentKey.IsValid(Encoding.UTF8.GetString(bytes[..length])) ? Encoding.UTF8.GetString(bytes[..length])
            : ProvisioningErrors.ArgumentInvalid.With("The header x-ms-continuation is not one that was given out.");
    }
}

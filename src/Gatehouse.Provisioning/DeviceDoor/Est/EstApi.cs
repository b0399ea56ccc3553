using System.Security.Cryptography.X509Certificates;
using System.Text;
using Gatehouse.Contracts.Errors;
using Gatehouse.Provisioning.Enrollments;
using Gatehouse.Provisioning.Instances;
using Gatehouse.Transport;
using Microsoft.AspNetCore.Http;

namespace Gatehouse.Provisioning.DeviceDoor.Est;

/// <summary>Enrollment over Secure Transport (RFC 7030, clarified by RFC 8951). To enroll is to register with a CSR, to enroll again is to renew: this door only has other words for both.</summary>
/// <remarks>A device proves itself by its TLS certificate, or by HTTP Basic: its registration id, and a SAS token of its registration as the password. decisions/0035.</remarks>
internal sealed class EstApi(DeviceRegistrations registrations, EstRenewal renewal, EstIssuers issuers, ProvisioningDirectory directory)
{
    private const string Basic = "Basic ";

    internal async Task<HubError?> RunAsync(HttpContext http, EstTarget target)
    {
        if (Find(http, target.Label) is not { } instance)
        {
            return ProvisioningErrors.NotFound.With(target.Label is null ? "No provisioning service has this host name: name its id scope (/.well-known/est/ID-SCOPE/…)." : "No provisioning service of this server has this id scope.");
        }

        switch (target.Asked)
        {
            case EstOperation.CaCerts:
                var certificates = await issuers.CertificatesAsync(instance.Name, http.RequestAborted);
                if (certificates.Count == 0)
                {
                    return ProvisioningErrors.NotFound.With("The provisioning service issues no certificates: it has no credential policy.");
                }

                await EstMessage.WriteCertificatesAsync(http, certificates);
                return null;
            case EstOperation.CsrAttrs:
                if (await issuers.AttributesAsync(instance.Name, http.RequestAborted) is { } attributes)
                {
                    await EstMessage.WriteAsync(http, EstMessage.CsrAttributes, attributes);
                }
                else
                {
                    http.Response.StatusCode = StatusCodes.Status204NoContent;
                }

                return null;
            default:
                var issued = await IssueAsync(http, instance, target.Asked == EstOperation.SimpleReenroll);
                if (issued.IsOk)
                {
                    await EstMessage.WriteCertificatesAsync(http, [issued.Value]);
                }

                return issued.Error;
        }
    }

    private async Task<Result<string>> IssueAsync(HttpContext http, ProvisioningInstance instance, bool isAgain)
    {
        var header = http.Request.Headers.Authorization.ToString();
        var (registrationId, token) = header.Length == 0 ? (NameOf(http), null) : ReadBasic(header);
        if (registrationId is null)
        {
            return header.Length > 0
                ? ProvisioningErrors.Unauthorized.With("The Authorization header must be Basic with the registration id, and a SAS token of the registration as the password.")
                : ProvisioningErrors.Unauthorized.With("Show a client certificate, or use HTTP Basic with the registration id, and a SAS token of the registration as the password.");
        }

        // Before anything is asked or written about it: it is what a stranger says.
        if (!EnrollmentKey.IsValid(registrationId))
        {
            return ProvisioningErrors.ArgumentInvalid.With($"The registration id must have {EnrollmentKey.Rule}.");
        }

        var certificate = token is null ? http.PeerCertificate() : null;
        var caller = new DeviceCaller("https", http.Connection.RemoteIpAddress, token, certificate, http.MarkConnectionAuthenticated) { Client = http.Traits() };
        if (certificate is not null && await renewal.KnowsAsync(instance, registrationId, certificate, http.RequestAborted))
        {
            return await renewal.RunAsync(instance, registrationId, caller, () => EstMessage.ReadAsync(http.Request, http.RequestAborted), http.RequestAborted);
        }

        if (isAgain)
        {
            return renewal.Refuse(instance, registrationId, caller);
        }

        var enrolled = await registrations.RunToTheEndAsync(
            new RegistrationTarget(instance.IdScope, registrationId, Contracts.Access.Operations.RegisterDevice),
            caller,
            async _ =>
            {
                var read = await EstMessage.ReadAsync(http.Request, http.RequestAborted);
                return read.IsOk ? new RegistrationBody { Csr = read.Value } : read.Error;
            },
            http.RequestAborted);
        return !enrolled.IsOk ? enrolled.Error
            : enrolled.Value is { IssuedCertificateChain: [var own, ..] } ? own
            : new HubError(enrolled.Value.ErrorCode ?? ProvisioningErrors.NoLinkedHub.Code, "RegistrationFailed", enrolled.Value.ErrorMessage ?? "The registration was not finished; come again.");
    }

    private ProvisioningInstance? Find(HttpContext http, string? label) => label is not null ? directory.FindByScope(label)
        : directory.FindByHost(http.Request.Host.Value ?? "") is { } named ? directory.All.FirstOrDefault(each => each.Name == named.Name)
        : directory.All is [var only] ? only : null;

    // Whose certificate it is has yet to be judged: this only says which registration it speaks of.
    private static string? NameOf(HttpContext http) => http.PeerCertificate()?.Leaf.GetNameInfo(X509NameType.SimpleName, forIssuer: false) is { Length: > 0 } name ? name : null;

    private static (string? Id, string? Token) ReadBasic(string header)
    {
        var bytes = new byte[header.Length];
        if (!header.StartsWith(Basic, StringComparison.OrdinalIgnoreCase) || !Convert.TryFromBase64String(header[Basic.Length..].Trim(), bytes, out var count))
        {
            return default;
        }

        var text = Encoding.UTF8.GetString(bytes, 0, count);
        var colon = text.IndexOf(':', StringComparison.Ordinal);
        return colon > 0 && colon < text.Length - 1 ? (text[..colon], text[(colon + 1)..]) : default;
    }
}

using System.Security.Cryptography;
using Gatehouse.Contracts.Access;
using Gatehouse.Contracts.Audit;
using Gatehouse.Contracts.Credentials;
using Gatehouse.Contracts.Errors;
using Gatehouse.Contracts.Identities;
using Gatehouse.Contracts.Provisioning;
using Gatehouse.Identity;
using Gatehouse.Identity.X509;
using Gatehouse.Provisioning.Attestation;
using Gatehouse.Provisioning.Instances;
using Gatehouse.Provisioning.Issuance;
using Gatehouse.Provisioning.Limits;
using Gatehouse.Provisioning.Registrations;
using Gatehouse.Store;

namespace Gatehouse.Provisioning.DeviceDoor.Est;

/// <summary>Renews a certificate for who shows it in TLS: one that was issued to this registration, is not over, and is not revoked. The rest is the renewal that devices have at their hub.</summary>
internal sealed class EstRenewal(
    Database database, CertificateIssuer issuer, ICertificateRenewal renewal, KnownGroups known, LinkedRevocations revocations, CertificateChains chains, RateLimits limits, RefusalBackoff backoff, IRefusalLog refusals, ProvisioningMetrics metrics, TimeProvider time)
{
    /// <summary>Whether the certificate was issued to this registration and is not over.</summary>
    internal Task<bool> KnowsAsync(ProvisioningInstance instance, string registrationId, PeerCertificate shown, CancellationToken cancellationToken) =>
        issuer.HasIssuedAsync(instance.Name, registrationId.ToLowerInvariant(), ThumbprintOf(shown), cancellationToken);

    /// <summary>The new certificate, base64 of DER. Unauthorized, TooManyRequests; CertificateRequestRefused with the reason.</summary>
    /// <param name="instance">Whose certificate it is.</param>
    /// <param name="registrationId">To whom it was issued: <see cref="KnowsAsync"/> has said so.</param>
    /// <param name="caller">With the certificate.</param>
    /// <param name="readBody">Reads the request, after the proof was found good.</param>
    /// <param name="cancellationToken">Ends what has not begun.</param>
    internal async Task<Result<string>> RunAsync(ProvisioningInstance instance, string registrationId, DeviceCaller caller, Func<Task<Result<string>>> readBody, CancellationToken cancellationToken)
    {
        var groups = await known.FindAsync(instance.Name, cancellationToken);
        if (Fault(registrationId, caller, groups) is var (reason, detail) && reason is { } fault)
        {
            return Refuse(instance, registrationId, caller, fault, detail, ProvisioningErrors.Unauthorized.With("Invalid certificate"));
        }

        caller.Accepted();
        if (caller.RemoteAddress is { } address)
        {
            backoff.Accepted(address, new IdentityKey(DeviceId.Parse(registrationId)));
        }

        if (limits.Take(instance.Name, registrationId, Operations.RegisterDevice.Throttle) is { } tooMany)
        {
            return tooMany;
        }

        var body = await readBody();
        if (!body.IsOk)
        {
            return body.Error;
        }

        if (!CertificateSigningRequest.TryReadBase64(body.Value, out var request, out var unreadable))
        {
            return Refuse(instance, registrationId, caller, RefusalReason.CertificateRequestRefused, $"The csr cannot be used: {unreadable}.", ProvisioningErrors.ArgumentInvalid);
        }

        var row = await database.ReadAsync((connection, token) => RegistrationRows.FindAsync(connection, instance.Name, registrationId.ToLowerInvariant(), token), cancellationToken);
        if (row is not { State: RegistrationStatus.Assigned } || groups.Linked.FirstOrDefault(hub => hub.HostName == row.HostName)?.Hub is not { } at)
        {
            return Refuse(
                instance, registrationId, caller, RefusalReason.CertificateRequestRefused, "The device is in no hub of this server: it registers anew, with the credential that it has for its enrollment.", ProvisioningErrors.CertificateRequestRefused);
        }

        var renewed = await renewal.RenewAsync(at, DeviceId.Parse(row.DeviceId), ThumbprintOf(caller.Certificate!), request.Raw, cancellationToken);
        return renewed.IsOk ? renewed.Value[0]
            : renewed.Error.IsTransient ? renewed.Error
            : Refuse(instance, registrationId, caller, RefusalReason.CertificateRequestRefused, renewed.Error.Message, ProvisioningErrors.CertificateRequestRefused);
    }

    /// <summary>Who asks to enroll again shows no certificate that was issued to it, or one that is over.</summary>
    internal HubError Refuse(ProvisioningInstance instance, string registrationId, DeviceCaller caller)
    {
        const string Detail = "Only a certificate that was issued here to this registration, and is not over, enrolls again (simplereenroll). With another credential: simpleenroll.";
        return Refuse(instance, registrationId, caller, caller.Certificate is null ? RefusalReason.CredentialMissing : RefusalReason.ThumbprintMismatch, Detail, ProvisioningErrors.Unauthorized.With(Detail));
    }

    private (RefusalReason? Reason, string Detail) Fault(string registrationId, DeviceCaller caller, GroupSet groups)
    {
        var (shown, identity) = (caller.Certificate!, new IdentityKey(DeviceId.Parse(registrationId)));
        return caller.RemoteAddress is { } address && backoff.IsBackedOff(address, identity) ? (RefusalReason.BackedOff, $"'{registrationId}' was refused too often from {address}.")
            : chains.RevocationOf(shown, time.GetUtcNow(), revocations.Of(groups)) is { } revoked ? (revoked.Reason, revoked.Detail)
            : CertificateChains.DateFault(shown, time.GetUtcNow()) is { } dates ? (dates.Reason, dates.Detail)
            : (null, "");
    }

    // The device is told what is wrong with its request, as its proof was good; of its proof it is told nothing.
    private HubError Refuse(ProvisioningInstance instance, string registrationId, DeviceCaller caller, RefusalReason reason, string detail, HubError error)
    {
        var told = reason == RefusalReason.CertificateRequestRefused ? error.With(detail) : error;
        if (reason is not (RefusalReason.CertificateRequestRefused or RefusalReason.BackedOff) && caller.RemoteAddress is { } address)
        {
            backoff.Refused(address, new IdentityKey(DeviceId.Parse(registrationId)));
        }

        metrics.Refused(reason.ToString());
        refusals.Report(new Refusal
        {
            Hub = instance.Name.Value,
            Claimed = registrationId,
            Reason = reason,
            Error = told,
            Detail = detail,
            Protocol = caller.Protocol,
            RemoteAddress = caller.RemoteAddress?.ToString(),
        });
        return told;
    }

    private static string ThumbprintOf(PeerCertificate shown) => Convert.ToHexString(SHA256.HashData(shown.Leaf.RawDataMemory.Span));
}

using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text.Json.Nodes;
using Gatehouse.Contracts.Audit;
using Gatehouse.Contracts.Errors;
using Gatehouse.Provisioning.Issuance;
using Gatehouse.Store;
using Microsoft.Extensions.Logging;

namespace Gatehouse.Provisioning.CertificateStatus;

/// <summary>The responders of this node, one for each CA that was asked about.</summary>
/// <remarks>However much strangers ask, a CA signs for them twice a day on a node: the responder's certificate. A CA whose key cannot be used is left alone for <see cref="PublishedLists.Pause"/>.</remarks>
internal sealed class StatusResponders(Database database, IssuingAuthorities authorities, ProvisioningOptions options, TimeProvider time, ILogger<StatusResponders> log) : IDisposable
{
    private readonly ConcurrentDictionary<(string Service, string Policy), Seat> seats = new();

    public void Dispose()
    {
        foreach (var seat in seats.Values)
        {
            seat.Dispose();
        }
    }

    /// <summary>One whose certificate is good now. CertificateIssuerEnded; IssuerUnavailable while the CA's key cannot be used.</summary>
    internal async Task<Result<StatusResponder>> FindAsync(CredentialPolicyRow policy, CancellationToken cancellationToken)
    {
        var seat = seats.GetOrAdd((policy.Service, policy.Id), static _ => new Seat());
        var present = Present(seat, policy);
        if (present is not null && time.GetUtcNow() < present.Renewal)
        {
            return present;
        }

        // Who has one does not wait for the next.
        if (!await seat.Turn.WaitAsync(present is null ? options.KeyStorePatience : TimeSpan.Zero, cancellationToken))
        {
            return present is null ? ProvisioningErrors.IssuerUnavailable : present;
        }

        try
        {
            return await RenewAsync(seat, policy, cancellationToken);
        }
        finally
        {
            seat.Turn.Release();
        }
    }

    /// <summary>There is no such policy any more.</summary>
    internal void Forget(string service, string policy)
    {
        if (seats.TryRemove((service, policy), out var seat))
        {
            seat.Dispose();
        }
    }

    private async Task<Result<StatusResponder>> RenewAsync(Seat seat, CredentialPolicyRow policy, CancellationToken cancellationToken)
    {
        var (present, now) = (Present(seat, policy), time.GetUtcNow());
        if (present is not null && (now < present.Renewal || IsPaused(seat)))
        {
            return present;
        }

        var made = IsPaused(seat) ? ProvisioningErrors.IssuerUnavailable : await authorities.UseAsync(policy, authority => Make(authority, policy, now), cancellationToken);
        if (!made.IsOk)
        {
            seat.Failed ??= time.GetTimestamp();
            return present is null ? made.Error : present;
        }

        // Known before it says anything: a certificate that no record tells of is none of this server's.
        var detail = new JsonObject
        {
            ["subject"] = made.Value.Certificate.Subject,
            ["issuer"] = made.Value.Certificate.Issuer,
            ["serial"] = made.Value.Certificate.SerialNumber,
            ["thumbprintSha256"] = made.Value.Certificate.GetCertHashString(HashAlgorithmName.SHA256),
            ["authoritySha256"] = made.Value.Authority.GetCertHashString(HashAlgorithmName.SHA256),
            ["notAfter"] = WireTime.Of(made.Value.NotAfter.UtcTicks),
        };
        var fingerprint = made.Value.Certificate.GetCertHashString(HashAlgorithmName.SHA256);
        await database.WriteAsync<bool>(
            (transaction, _) =>
            {
                transaction.Audit(new AuditRecord { Hub = policy.Service, Actor = "server", Action = "credentialpolicy.responder", Subject = policy.Name, Detail = detail.ToJsonString(), Fingerprint = fingerprint });
                return Task.FromResult<Result<bool>>(true);
            },
            cancellationToken);
        (seat.Failed, var before) = (null, seat.Responder);
        seat.Responder = made.Value;
        before?.Dispose();
        log.ResponderCertified(policy.Name, made.Value.NotAfter);
        return made.Value;
    }

    private bool IsPaused(Seat seat)
    {
        if (seat.Failed is { } since && time.GetElapsedTime(since) >= PublishedLists.Pause)
        {
            seat.Failed = null;
        }

        return seat.Failed is not null;
    }

    private StatusResponder? Present(Seat seat, CredentialPolicyRow policy) =>
        seat.Responder is { } responder && responder.Serves(policy, time.GetUtcNow()) ? responder : null;

    private static Result<StatusResponder> Make(IssuingAuthority authority, CredentialPolicyRow policy, DateTimeOffset now) =>
        now < authority.Certificate.NotBefore || now >= authority.Certificate.NotAfter ? ProvisioningErrors.CertificateIssuerEnded : StatusResponder.Make(authority, policy.Name, now);

    private sealed class Seat : IDisposable
    {
        internal SemaphoreSlim Turn { get; } = new(1);

        internal volatile StatusResponder? Responder;

        /// <summary>A timestamp; null unless the CA could not be used a moment ago. Only whoever has the turn touches it.</summary>
        internal long? Failed { get; set; }

        // Whoever waits in line goes on with what he finds: the turn itself has nothing to give back.
        public void Dispose() => Responder?.Dispose();
    }
}

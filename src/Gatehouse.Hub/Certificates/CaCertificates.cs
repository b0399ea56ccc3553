using System.Security.Cryptography.X509Certificates;
using System.Text.Json.Nodes;
using Gatehouse.Contracts.Audit;
using Gatehouse.Contracts.Credentials;
using Gatehouse.Contracts.Errors;
using Gatehouse.Contracts.Identities;
using Gatehouse.Contracts.Signals;
using Gatehouse.Hub.Registry;
using Gatehouse.Hub.Resources;
using Gatehouse.Store;
using Microsoft.Extensions.Logging;

namespace Gatehouse.Hub.Certificates;

/// <summary>The CA certificates of a hub, and the proof that whoever uploaded one holds its private key.</summary>
/// <remarks>Source: IoT Hub "Verify X.509 CA certificates" page. Each change is one transaction with its audit record and the signal that refreshes the trust anchors.</remarks>
public sealed class CaCertificates(Database database, CertificateOptions options, TimeProvider time, ILogger<CaCertificates> log)
{
    public async Task<IReadOnlyList<CaCertificate>> ListAsync(HubName hub, CancellationToken cancellationToken)
    {
        var rows = await database.ReadAsync((connection, cancel) => CaCertificateRows.ListAsync(connection, hub, null, cancel), cancellationToken);
        return [.. rows.Select(CaCertificate.From)];
    }

    /// <summary>GenericNotFound when there is none.</summary>
    public async Task<Result<CaCertificate>> FindAsync(HubName hub, string name, CancellationToken cancellationToken)
    {
        var row = await database.ReadAsync((connection, cancel) => CaCertificateRows.FindAsync(connection, null, hub, name, cancel), cancellationToken);
        return row is null ? NotFound(name) : CaCertificate.From(row);
    }

    /// <summary>The anchors of a hub: certificates that were verified, and none else. Read on a cache miss of the credential source.</summary>
    public async Task<TrustAnchors> FindTrustAnchorsAsync(HubName hub, CancellationToken cancellationToken)
    {
        var verified = await database.ReadAsync((connection, cancel) => CaCertificateRows.ListVerifiedAsync(connection, hub, cancel), cancellationToken);
        return new TrustAnchors([.. verified.Select(text => X509CertificateLoader.LoadCertificate(Convert.FromBase64String(text)))]);
    }

    /// <summary>Adds a certificate, or replaces one of that name; a replaced one starts unverified and without a code.</summary>
    public async Task<Result<Saved<CaCertificate>>> PutAsync(HubName hub, string name, CertificateUpload upload, IfMatch ifMatch, string actor, CancellationToken cancellationToken)
    {
        if (!ResourceName.IsValid(name))
        {
            return HubErrors.ArgumentInvalid.With($"The certificate name must have {ResourceName.Rule}.");
        }

        var der = CertificateText.Read(upload.Certificate, options.MaxCertificateBytes);
        if (!der.IsOk)
        {
            return der.Error;
        }

        var check = CertificateAuthorityRules.Check(der.Value, time.GetUtcNow());
        return !check.IsOk ? check.Error : await database.WriteAsync(Write, cancellationToken);

        async Task<Result<Saved<CaCertificate>>> Write(WriteTransaction write, CancellationToken cancel)
        {
            var present = await LockAndFindAsync(write, hub, name, cancel);
            if (!present.IsOk)
            {
                return present.Error;
            }

            if (Precondition(present.Value, ifMatch, mayBeNew: true) is { } failed)
            {
                return failed;
            }

            if (present.Value is null && await CaCertificateRows.CountAsync(write, hub, cancel) >= options.MaxPerHub)
            {
                return HubErrors.GenericConflict.With($"The hub has {options.MaxPerHub} CA certificates already, the most it can hold.");
            }

            var row = NewRow(hub, present.Value, name, der.Value, upload.IsVerified);
            var action = present.Value is null ? "certificate.create" : "certificate.update";
            var saved = await SaveAsync(write, row, actor, action, upload.IsVerified ? "set on upload, without proof of possession" : null, cancel);
            return new Saved<CaCertificate>(saved, IsNew: present.Value is null);
        }
    }

    /// <summary>Gives out a code to be proved; the one before it, if any, no longer counts.</summary>
    public Task<Result<CaCertificate>> GenerateVerificationCodeAsync(HubName hub, string name, IfMatch ifMatch, string actor, CancellationToken cancellationToken) =>
        ChangeAsync(hub, name, ifMatch, async (write, row, cancel) =>
            await SaveAsync(write, Touch(row) with { VerificationCode = ProofOfPossession.NewCode() }, actor, "certificate.code", null, cancel), cancellationToken);

    /// <summary>Marks the certificate as verified when <paramref name="proof"/> names the outstanding code and is signed by the certificate's key. ArgumentInvalid says what is wrong.</summary>
    public Task<Result<CaCertificate>> VerifyAsync(HubName hub, string name, string? proof, IfMatch ifMatch, string actor, CancellationToken cancellationToken) =>
        ChangeAsync(hub, name, ifMatch, async (write, row, cancel) =>
        {
            if (CheckProof(row, proof) is { } refused)
            {
                log.ProofRefused(hub.Value, row.Name, refused.Message);
                return refused;
            }

            return await SaveAsync(write, Touch(row) with { VerificationCode = null, IsVerified = 1 }, actor, "certificate.verify", "proof of possession", cancel);
        }, cancellationToken);

    public Task<Result<CaCertificate>> DeleteAsync(HubName hub, string name, IfMatch ifMatch, string actor, CancellationToken cancellationToken) =>
        ChangeAsync(hub, name, ifMatch, async (write, row, cancel) => await DeleteAsync(write, row, actor, cancel), cancellationToken);

    /// <summary>Within a transaction that holds the hub's lock.</summary>
    internal static async Task<CaCertificate> DeleteAsync(WriteTransaction write, CaCertificateRow row, string actor, CancellationToken cancellationToken)
    {
        await CaCertificateRows.DeleteAsync(write, row, cancellationToken);
        return Record(write, row, actor, "certificate.delete", null);
    }

    private HubError? CheckProof(CaCertificateRow row, string? proof)
    {
        if (row.VerificationCode is not { } code)
        {
            return HubErrors.ArgumentInvalid.With("There is no outstanding verification code: ask for one first (generateVerificationCode).");
        }

        var der = CertificateText.Read(proof, options.MaxCertificateBytes);
        return der.IsOk ? ProofOfPossession.Check(der.Value, Convert.FromBase64String(row.Certificate), code, time.GetUtcNow()) : der.Error;
    }

    private Task<Result<CaCertificate>> ChangeAsync(
        HubName hub,
        string name,
        IfMatch ifMatch,
        Func<WriteTransaction, CaCertificateRow, CancellationToken, Task<Result<CaCertificate>>> change,
        CancellationToken cancellationToken) =>
        database.WriteAsync<CaCertificate>(
            async (write, cancel) =>
            {
                var present = await LockAndFindAsync(write, hub, name, cancel);
                if (!present.IsOk)
                {
                    return present.Error;
                }

                if (present.Value is not { } row)
                {
                    return NotFound(name);
                }

                return Precondition(row, ifMatch, mayBeNew: false) is { } failed ? failed : await change(write, row, cancel);
            },
            cancellationToken);

    // The hub's row is the lock: counts and preconditions hold until the commit.
    private async Task<Result<CaCertificateRow?>> LockAndFindAsync(WriteTransaction write, HubName hub, string name, CancellationToken cancellationToken) =>
        await HubLock.TakeAsync(write, database.Dialect, hub, cancellationToken) is { } missing
            ? missing
            : await CaCertificateRows.FindAsync(write.Connection, write.Transaction, hub, name, cancellationToken);

    private static HubError? Precondition(CaCertificateRow? present, IfMatch ifMatch, bool mayBeNew) => (present, ifMatch.Kind) switch
    {
        (null, IfMatchKind.Absent) when mayBeNew => null,
        (_, IfMatchKind.Absent) => HubErrors.PreconditionFailed.With("The certificate exists: send If-Match with its ETag."),
        (null, _) => HubErrors.PreconditionFailed.With("The certificate does not exist."),
        (_, IfMatchKind.Any) => null,
        _ => present.ETag == ifMatch.ETag ? null : HubErrors.PreconditionFailed,
    };

    private CaCertificateRow NewRow(HubName hub, CaCertificateRow? present, string name, byte[] der, bool isVerified)
    {
        var now = time.GetUtcNow().UtcTicks;
        return new CaCertificateRow
        {
            Hub = hub.Value,
            NameKey = ResourceName.KeyOf(name),
            Name = present?.Name ?? name,
            ETag = ResourceName.NewETag(),
            Certificate = Convert.ToBase64String(der),
            IsVerified = isVerified ? 1 : 0,
            Created = present?.Created ?? now,
            Updated = now,
        };
    }

    private CaCertificateRow Touch(CaCertificateRow row) =>
        row with { ETag = ResourceName.NewETag(), Updated = time.GetUtcNow().UtcTicks };

    private static async Task<CaCertificate> SaveAsync(WriteTransaction write, CaCertificateRow row, string actor, string action, string? verifiedBy, CancellationToken cancellationToken)
    {
        await CaCertificateRows.SaveAsync(write, row, cancellationToken);
        return Record(write, row, actor, action, verifiedBy);
    }

    private static CaCertificate Record(WriteTransaction write, CaCertificateRow row, string actor, string action, string? verifiedBy)
    {
        var certificate = CaCertificate.From(row);
        var detail = new JsonObject
        {
            ["subject"] = certificate.Subject,
            ["thumbprintSha256"] = certificate.ThumbprintSha256,
            ["isVerified"] = certificate.IsVerified,
        };
        if (verifiedBy is not null)
        {
            detail["verifiedBy"] = verifiedBy;
        }

        write.Audit(new AuditRecord { Hub = row.Hub, Actor = actor, Action = action, Subject = row.Name, Detail = detail.ToJsonString(), Fingerprint = certificate.ThumbprintSha256 });
        write.Signal(new Signal(SignalSubjects.CertificatesChanged, row.Hub, row.Name));
        return certificate;
    }

    private static HubError NotFound(string name) => HubErrors.GenericNotFound.With($"There is no certificate '{ResourceName.Cut(name)}'.");
}

using Gatehouse.Contracts.Audit;
using Gatehouse.Contracts.Errors;

namespace Gatehouse.Contracts.Credentials;

/// <summary>The certificate that this node shows to its peers, and its change: staged, shown to a share of them, to all, back, or for good.</summary>
/// <remarks>
/// A node's own affair: its files lie in its data directory, and nodes that share a store are changed one after the other.
/// The record of a change lies in the same file as the change until the audit log has it: <see cref="Unrecorded"/>, <see cref="MarkRecorded"/>.
/// </remarks>
public interface IServerCertificates
{
    /// <summary>What is shown now and next.</summary>
    ServerCertificateState Read();

    /// <summary>Checks what is to be shown next, and keeps it without showing it. Nothing is kept when it is refused.</summary>
    /// <param name="next">What is to be shown.</param>
    /// <param name="isDrill">Only check and tell.</param>
    /// <param name="by">For the audit record.</param>
    /// <returns>ArgumentInvalid with the reason; GenericConflict while another change is under way.</returns>
    Result<ServerCertificateState> Stage(NextCertificate next, bool isDrill, ChangedBy by);

    /// <summary>Shows what is staged to a share of the handshakes.</summary>
    /// <param name="percent">1–99. Who refuses it is likely to get the former one at its next attempt.</param>
    /// <param name="rollBackAt">As for <see cref="Switch"/>.</param>
    /// <param name="by">For the audit record.</param>
    /// <returns>InvalidOperation when nothing is staged.</returns>
    Result<ServerCertificateState> Canary(int percent, int rollBackAt, ChangedBy by);

    /// <summary>Shows it in every handshake from now on. Open connections stay.</summary>
    /// <param name="rollBackAt">Percent of handshakes that may fail by it, above what failed before it; more, and the former one is shown again. 1–100; 0 never goes back by itself.</param>
    /// <param name="watch">How long that is watched. 1 minute–30 days.</param>
    /// <param name="by">For the audit record.</param>
    Result<ServerCertificateState> Switch(int rollBackAt, TimeSpan watch, ChangedBy by);

    /// <summary>Shows the former one again; the other stays staged.</summary>
    Result<ServerCertificateState> RollBack(ChangedBy by);

    /// <summary>Forgets what is staged and not shown.</summary>
    Result<ServerCertificateState> Discard(ChangedBy by);

    /// <summary>Makes the change final: the former certificate and its key are deleted, and its root is handed out no more.</summary>
    Result<ServerCertificateState> Retire(ChangedBy by);

    /// <summary>Records that the audit log may not have yet, oldest first; also of what the node did by itself.</summary>
    IReadOnlyList<AuditRecord> Unrecorded { get; }

    /// <summary>The audit log has the first so many of <see cref="Unrecorded"/>.</summary>
    void MarkRecorded(int count);
}

/// <param name="Hub">Whose policy it was.</param>
/// <param name="Actor">As in audit records.</param>
public sealed record ChangedBy(string Hub, string Actor);

/// <summary>What is to be shown next.</summary>
public sealed record NextCertificate
{
    /// <summary>PEM, leaf first; null for another source. At most 64 KiB.</summary>
    public string? Chain { get; init; }

    /// <summary>PKCS #8, SEC 1 or PKCS #1 in PEM, without a password.</summary>
    public string? PrivateKey { get; init; }

    /// <summary>PEM of the root that clients trust for it; null: the self-signed end of the chain, or a root that this machine trusts.</summary>
    public string? Root { get; init; }

    /// <summary>Instead of a chain: a new private root of the server's own, and a certificate by it.</summary>
    public bool IsNewRoot { get; init; }

    /// <summary>Instead of a chain: what the server shows without one that was handed in, its files or its own.</summary>
    public bool IsFromFiles { get; init; }

    public override string ToString() => $"{(IsNewRoot ? "new root" : IsFromFiles ? "files" : "chain")} ***";
}

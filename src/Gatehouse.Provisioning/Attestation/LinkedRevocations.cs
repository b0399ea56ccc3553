using Gatehouse.Contracts.Credentials;

namespace Gatehouse.Provisioning.Attestation;

/// <summary>What a provisioning service takes from nobody: whatever a hub of this server has revoked that it may assign devices to.</summary>
/// <remarks>decisions/0033: linking a hub is what makes its list count; a device gets no new credential by one that its hub has revoked.</remarks>
internal sealed class LinkedRevocations(IRevocations revocations)
{
    internal IReadOnlyList<RevocationSet> Of(GroupSet groups) => [.. groups.Linked.Where(hub => hub.Hub is not null).Select(hub => revocations.Of(hub.Hub!.Value)).Where(list => !list.IsEmpty)];

    /// <summary>The entry of a TPM's endorsement key; null when there is none.</summary>
    internal Revocation? FindTpm(GroupSet groups, ReadOnlySpan<byte> endorsementKey)
    {
        var lists = Of(groups);
        if (lists.Count == 0)
        {
            return null;
        }

        var mark = CertificateMark.Of(endorsementKey);
        return lists.Select(list => list.Find(mark)).FirstOrDefault(entry => entry is not null);
    }
}

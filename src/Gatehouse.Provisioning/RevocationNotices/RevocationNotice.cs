using Gatehouse.Contracts.Provisioning;

namespace Gatehouse.Provisioning.RevocationNotices;

/// <summary>A revoked certificate that a linked hub is still to be told of. A row of <c>revocation_notices</c>.</summary>
internal sealed record RevocationNotice
{
    public string Service { get; init; } = "";

    /// <summary>The linked hub.</summary>
    public string HostName { get; init; } = "";

    public string Serial { get; init; } = "";

    /// <summary>The hub of this server behind the host name, which may change; empty when it is on another server.</summary>
    public string Hub { get; init; } = "";

    public string Thumbprint { get; init; } = "";

    public string Reason { get; init; } = "";

    /// <summary>To whom it was issued, as the device named itself.</summary>
    public string Registration { get; init; } = "";

    /// <summary>The device that is likely to be known by it there.</summary>
    public string DeviceId { get; init; } = "";

    /// <summary>Who revoked it.</summary>
    public string Actor { get; init; } = "";

    public long Attempts { get; init; }

    public long NextAttempt { get; init; }

    /// <summary>Why the last attempt failed; empty before there was one.</summary>
    public string Problem { get; init; } = "";

    internal bool IsHere => Hub.Length > 0;

    internal WithdrawnCertificate Certificate => new(Thumbprint, Reason, $"certificate {Serial} of registration '{Registration}', revoked at the provisioning service by {Actor}");
}

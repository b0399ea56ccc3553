namespace Gatehouse.Contracts.Certificates;

/// <summary>What a certificate of the inventory is to the server. The words are stored and shown.</summary>
public static class CertificateKinds
{
    /// <summary>A device or module came with it, and was let in.</summary>
    public const string Device = "device";

    /// <summary>A credential policy issued it.</summary>
    public const string Issued = "issued";

    /// <summary>Devices send it beside their own.</summary>
    public const string Intermediate = "intermediate";

    /// <summary>CA certificate of the hub or the provisioning service.</summary>
    public const string Authority = "ca";

    /// <summary>CA of a credential policy.</summary>
    public const string PolicyAuthority = "policy-ca";

    /// <summary>CA certificate that an enrollment group holds.</summary>
    public const string EnrollmentGroup = "enrollment-group";

    /// <summary>What this node shows to its peers, or is about to.</summary>
    public const string Server = "server";

    /// <summary>A root that clients of this node must trust.</summary>
    public const string ServerRoot = "server-root";

    /// <summary>A revocation list; its end is when the next one is due.</summary>
    public const string RevocationList = "crl";

    /// <summary>The CA that signed a revocation list which is in force.</summary>
    public const string ListSigner = "crl-signer";

    /// <summary>In the order of their words, which is the order within a page.</summary>
    public static IReadOnlyList<string> All { get; } = [Authority, RevocationList, ListSigner, Device, EnrollmentGroup, Intermediate, Issued, PolicyAuthority, Server, ServerRoot];
}

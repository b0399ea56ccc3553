namespace Gatehouse.Provisioning.Attestation;

/// <summary>The <c>tpm</c> of a registration request: public areas of its keys, base64, and what its boot is proved by.</summary>
internal sealed record ShownTpm(string? EndorsementKey = null, string? StorageRootKey = null)
{
    /// <summary>What the maker of the TPM says of its endorsement key, DER. Not of the service; looked at where <c>tpm-manufacturer-roots</c> is set.</summary>
    public string? EndorsementCertificate { get; init; }

    /// <summary>TPM2B_PUBLIC of a restricted signing key. This and the next are not of the service: only an enrollment with a measured-boot policy looks at them.</summary>
    public string? AttestationKey { get; init; }

    public ShownQuote? Quote { get; init; }
}

/// <summary>What its registers hold, said by the TPM. Base64 but for the values.</summary>
internal sealed record ShownQuote
{
    /// <summary>What the TPM opened.</summary>
    public string? Credential { get; init; }

    /// <summary>TPMS_ATTEST.</summary>
    public string? Quoted { get; init; }

    /// <summary>TPMT_SIGNATURE.</summary>
    public string? Signature { get; init; }

    /// <summary>Hexadecimal, by register: a quote itself has only their digest.</summary>
    public IReadOnlyDictionary<string, string>? PcrValues { get; init; }

    /// <summary>Never the credential.</summary>
    public override string ToString() => "***";
}

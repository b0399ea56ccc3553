namespace Gatehouse.Contracts.Audit;

/// <summary>A change of identity, key, certificate, policy or rule, to be written in the transaction that makes it.</summary>
public sealed record AuditRecord
{
    /// <summary>Hub it belongs to; null for the server as a whole.</summary>
    public string? Hub { get; init; }

    /// <summary>Who did it: <c>policy:iothubowner</c>, <c>device:d1</c>, <c>server</c>.</summary>
    public required string Actor { get; init; }

    /// <summary>What: dotted, stable, e.g. <c>device.create</c>, <c>certificate.verify</c>, <c>connect.refused</c>.</summary>
    public required string Action { get; init; }

    /// <summary>On what: a device id, <c>device/module</c>, a policy or certificate name.</summary>
    public required string Subject { get; init; }

    /// <summary>JSON object with the facts. Never a secret. Null for none.</summary>
    public string? Detail { get; init; }

    /// <summary>SHA-256 (hexadecimal) of the certificate or public key that the action brought into the world or is about, by which the trust log finds it. Not a part of the record: <see cref="Detail"/> names it too. Null for none.</summary>
    public string? Fingerprint { get; init; }
}

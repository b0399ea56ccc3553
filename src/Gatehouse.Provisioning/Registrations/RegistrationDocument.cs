using System.Text.Json.Nodes;
using Gatehouse.Provisioning.Enrollments;
using Gatehouse.Provisioning.MeasuredBoot;

namespace Gatehouse.Provisioning.Registrations;

/// <summary>A registration on the wire: <c>DeviceRegistrationResult</c> for the device, <c>DeviceRegistrationState</c> for back ends.</summary>
internal sealed record RegistrationDocument
{
    public string? RegistrationId { get; init; }

    public string? CreatedDateTimeUtc { get; init; }

    public string? LastUpdatedDateTimeUtc { get; init; }

    public string? AssignedHub { get; init; }

    public string? DeviceId { get; init; }

    public string? Status { get; init; }

    public string? Substatus { get; init; }

    public int? ErrorCode { get; init; }

    public string? ErrorMessage { get; init; }

    public string? Etag { get; init; }

    public AttestedCertificate? X509 { get; init; }

    public AttestedKey? SymmetricKey { get; init; }

    /// <summary>For back ends: who would be left behind when a key or certificate ends.</summary>
    public ProvedBy? ProvedBy { get; init; }

    public JsonNode? Payload { get; init; }

    /// <summary>For its own device only.</summary>
    public TpmResult? Tpm { get; init; }

    /// <summary>For its own device only; base64 of DER, the device's certificate first.</summary>
    public IReadOnlyList<string>? IssuedCertificateChain { get; init; }

    public BootStateDocument? MeasuredBoot { get; init; }

    /// <summary>As its device sees it: with what only that can use.</summary>
    internal static RegistrationDocument ForDevice(RegistrationRow row)
    {
        var evidence = row.State == RegistrationStatus.Assigned ? row.ReadEvidence() : new Evidence();
        return Of(row) with
        {
            ProvedBy = null,
            Tpm = evidence.Tpm?.AuthenticationKey is { } key ? new TpmResult(key) : null,
            IssuedCertificateChain = evidence.IssuedCertificateChain,
            MeasuredBoot = BootStateDocument.ForDevice(row),
        };
    }

    internal static RegistrationDocument Of(RegistrationRow row)
    {
        var evidence = row.ReadEvidence();
        var isAssigned = row.State == RegistrationStatus.Assigned;
        return new RegistrationDocument
        {
            RegistrationId = row.Name,
            CreatedDateTimeUtc = WireTime.Of(row.Created),
            LastUpdatedDateTimeUtc = WireTime.Of(row.Changed),
            AssignedHub = isAssigned ? row.HostName : null,
            DeviceId = isAssigned ? row.DeviceId : null,
            Status = RegistrationWords.Of(row.State),
            Substatus = isAssigned ? RegistrationWords.Of((RegistrationSubstatus)row.Substatus) : null,
            ErrorCode = row.ErrorCode == 0 ? null : (int)row.ErrorCode,
            ErrorMessage = row.ErrorCode == 0 ? null : row.ErrorMessage,
            Etag = EntityTag.Show(row.Etag),
            X509 = evidence.X509,
            SymmetricKey = evidence.SymmetricKey,
            ProvedBy = evidence.ProvedBy,
            Payload = isAssigned ? evidence.Payload : null,
            MeasuredBoot = BootStateDocument.Of(row),
        };
    }
}

/// <param name="AuthenticationKey">Base64 of an activation blob: the device's key for its hub.</param>
internal sealed record TpmResult(string AuthenticationKey);

/// <summary><c>RegistrationOperationStatus</c>: what a device is told while and when its registration is done.</summary>
internal sealed record OperationDocument(string OperationId, string Status, RegistrationDocument? RegistrationState = null);

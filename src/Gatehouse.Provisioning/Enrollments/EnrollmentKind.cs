namespace Gatehouse.Provisioning.Enrollments;

/// <summary>For one device, or for all that share a key or an issuer. The numbers are stored.</summary>
internal enum EnrollmentKind
{
    Individual = 0,
    Group = 1,
}

/// <summary>How the devices of an enrollment prove themselves. The numbers are stored.</summary>
internal enum AttestationType
{
    SymmetricKey = 0,
    X509 = 1,
    Tpm = 2,
}

using System.Security.Cryptography;

namespace Gatehouse.Provisioning.Tests;

/// <summary>Public areas as TPMs make them, of moduli that are only numbers: for whatever ends before a blob must be opened. Part 2 §12.2 of the TPM 2.0 Library.</summary>
internal static class SampleTpmKey
{
    private static readonly byte[] Policy = Convert.FromHexString("837197674484B3F81A90CC8D46A5D724FD52D76E06520B64F2A1DA1B331469AA");

    internal static string Endorsement() => Convert.ToBase64String(Make([0x00, 0x03, 0x00, 0xB2, 0x00, 0x20, .. Policy]));

    internal static string StorageRoot() => Convert.ToBase64String(Make([0x00, 0x03, 0x04, 0x72, 0x00, 0x00]));

    private static byte[] Make(byte[] attributesAndPolicy)
    {
        var modulus = RandomNumberGenerator.GetBytes(256);
        (modulus[0], modulus[^1]) = ((byte)(modulus[0] | 0x80), (byte)(modulus[^1] | 1));
        byte[] area = [0, 1, 0, 0x0B, .. attributesAndPolicy, 0, 6, 0, 128, 0, 0x43, 0, 0x10, 8, 0, 0, 0, 0, 0, 1, 0, .. modulus];
        return [(byte)(area.Length >> 8), (byte)area.Length, .. area];
    }
}

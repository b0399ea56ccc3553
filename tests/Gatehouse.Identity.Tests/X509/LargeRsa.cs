using System.Numerics;
using System.Security.Cryptography;

namespace Gatehouse.Identity.Tests.X509;

/// <summary>RSA keys of sizes that take many seconds to find. Their primes stand here for all to read: nothing is to trust them.</summary>
internal static class LargeRsa
{
    private const string First =
        "9dl3dgFZupuSRUla3Uz+23v8hRBQsO2JJUQ17eTToyt+dAUfWTlGQDCuaKWubiXwU/kAk9yIEvjTBw8EKHvv5S4yk9E4P4f5d6ocP4SQG+ogBT49I6h+M+HY" +
        "2zHGO7tNfGSojNDXCMvktXPvrXFl6t/sM4T60XluC0HlIQ8C56ltovSMgVKkXGlif83wB06LLTwepBUpMaZeHkBfYjsA4nlo0uU41caPXn9wK+jLK5FIwXQa" +
        "JwPN4ZwmE2kz3HW2L2JPVYMp/6655YB2/eIUk83q0DQPQtIC5Hddj69qIjo26m8byOt2rYJw/JKMOQRxw0gBLEbIDnFM6dnNyjKBGQ==";

    private const string Second =
        "92Zxy2krbmyIoaYK6DwoZxyxVjZ2qdFuIEQ8xOkNN2qCDjWtrIYxWuKT/X/KKIzyUhexlvp2UAEHa5NGaWFOB7crolNIgLeoU3K1unDPVrOMYNzpTVN/bnsF" +
        "NdDvHllvNk9jYdm3IIRqazO9ZuXP3XCK6CxoQaGmGlSfV5yTf/xV7DqpGM7oGESgdFFIeJ7kuW34JwB+Ul5x6d96MLuSEAfsdheTYtADXimjotdE5ssz531c" +
        "h7nzlFQB5t6jOl4/6fbhabXS2w7fNWciIlKeLksCSWS9PFpEGX1o2tPsayD/8jPJiSmOA8vY69aBtT7FZ42Oy3UWmsFn75eqKynRXw==";

    private const string Third =
        "0co46GkxS/Qea9R8FU3gDMhI754qcevJuBWX6Wn6Ch1COHthNEtoZzRasG+67MJLJGtazUch3MY5wNFRon9fO7RptuvSXQWdUdw5bxbkbxOHO8UNS4JOG5Zc" +
        "dTEjFSsiz4OhG4Dak9FrdeiX9Z9EgSPUqMKnTjGPZjHQMxw+X4VBMtr1iW+5qrmkwq8yg5qFMP55pCHKPY0njHvhlTjE/OhPAInQBLmKoyn14AI8OMoaoVT7" +
        "YM4BGTKvnG7y7xnMdyJ/3i2XzsB/fzBt/ZUysH7i9faruX8FxxRRVbPcsBGQdNBLA3G/4YEo+YQ/k9i704dJyZwcCrYi4tyABZ491LM=";

    /// <summary>A key of 4,096 bits.</summary>
    internal static RSA Of4096Bits() => Of(First, Second);

    /// <summary>A key of 4,104 bits.</summary>
    internal static RSA Of4104Bits() => Of(Third, First);

    // The names are those of RFC 8017, 3.2.
    private static RSA Of(string first, string second)
    {
        var (p, q, e) = (Number(first), Number(second), new BigInteger(65537));
        var (n, d) = (p * q, Inverse(e, (p - 1) * (q - 1)));
        var (whole, half) = (n.GetByteCount(isUnsigned: true), (n.GetByteCount(isUnsigned: true) + 1) / 2);
        return RSA.Create(new RSAParameters
        {
            Modulus = Bytes(n, whole), Exponent = [1, 0, 1], D = Bytes(d, whole), P = Bytes(p, half), Q = Bytes(q, half),
            DP = Bytes(d % (p - 1), half), DQ = Bytes(d % (q - 1), half), InverseQ = Bytes(Inverse(q, p), half),
        });
    }

    private static BigInteger Inverse(BigInteger value, BigInteger modulus)
    {
        var (a, b, x, next) = (value % modulus, modulus, BigInteger.One, BigInteger.Zero);
        while (a > 1)
        {
            var quotient = a / b;
            (a, b, x, next) = (b, a % b, next, x - (quotient * next));
        }

        return x < 0 ? x + modulus : x;
    }

    private static BigInteger Number(string base64) => new(Convert.FromBase64String(base64), isUnsigned: true, isBigEndian: true);

    private static byte[] Bytes(BigInteger number, int length)
    {
        var bytes = number.ToByteArray(isUnsigned: true, isBigEndian: true);
        return [.. new byte[length - bytes.Length], .. bytes];
    }
}

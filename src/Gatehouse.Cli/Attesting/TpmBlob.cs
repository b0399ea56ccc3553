using System.Buffers.Binary;

namespace Gatehouse.Cli.Attesting;

/// <summary>A symmetric key on its way from the service into one TPM: six TPM2B structures, of which the last says nothing.</summary>
/// <remarks>Source: what the device SDKs' TPM clients take apart.</remarks>
/// <param name="Credential">Opens with the endorsement key; gives the inner key.</param>
/// <param name="CredentialSecret">Seed for it.</param>
/// <param name="Duplicate">The key, wrapped with the inner key, and again for the storage root key.</param>
/// <param name="DuplicateSecret">Seed for that.</param>
/// <param name="Area">Public area of the key.</param>
internal sealed record TpmBlob(byte[] Credential, byte[] CredentialSecret, byte[] Duplicate, byte[] DuplicateSecret, byte[] Area)
{
    private const int Parts = 5;

    /// <exception cref="CliException">It is not of this form.</exception>
    internal static TpmBlob Parse(string? base64)
    {
        var bytes = new byte[base64?.Length ?? 0];
        if (string.IsNullOrEmpty(base64) || !Convert.TryFromBase64String(base64, bytes, out var length))
        {
            throw Broken();
        }

        var rest = bytes.AsSpan(0, length);
        var parts = new byte[Parts][];
        for (var part = 0; part < Parts; part++)
        {
            if (rest.Length < sizeof(ushort) || BinaryPrimitives.ReadUInt16BigEndian(rest) is var size && size > rest.Length - sizeof(ushort))
            {
                throw Broken();
            }

            parts[part] = rest[sizeof(ushort)..(sizeof(ushort) + size)].ToArray();
            rest = rest[(sizeof(ushort) + size)..];
        }

        return new TpmBlob(parts[0], parts[1], parts[2], parts[3], parts[4]);
    }

    private static CliException Broken() => new("the service sent an authenticationKey that is not made for a TPM, or is cut short. Does a provisioning service answer there?");
}

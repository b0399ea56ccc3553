namespace Gatehouse.Cli.Tpm;

/// <summary>Public area of a key, as far as it is looked at here. TPM 2.0 Library, part 2 §12.2.4.</summary>
/// <param name="Bytes">The whole TPM2B_PUBLIC.</param>
/// <param name="Type">Kind of key.</param>
/// <param name="NameAlgorithm">Hash of its name and of its policy.</param>
/// <param name="Attributes">What it may do.</param>
/// <param name="Policy">Digest; empty for none.</param>
/// <param name="Scheme">First number of what is particular to its kind: for keys of <see cref="TpmNumbers.KeyedHash"/> the scheme.</param>
internal sealed record TpmPublic(byte[] Bytes, ushort Type, ushort NameAlgorithm, uint Attributes, byte[] Policy, ushort Scheme)
{
    /// <param name="content">TPMT_PUBLIC, without a size before it.</param>
    /// <param name="code">What was answered with it.</param>
    internal static TpmPublic Read(byte[] content, TpmCommandCode code)
    {
        var reader = new TpmAnswer(content, code);
        return new TpmPublic([(byte)(content.Length >> 8), (byte)content.Length, .. content], reader.UInt16(), reader.UInt16(), reader.UInt32(), reader.Sized(), reader.UInt16());
    }

    internal bool Has(uint attributes) => (Attributes & attributes) == attributes;

    internal bool HasAny(uint attributes) => (Attributes & attributes) != 0;
}

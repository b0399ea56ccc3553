using System.Diagnostics.CodeAnalysis;
using static Gatehouse.Identity.Tpm.TpmAlgorithms;

namespace Gatehouse.Identity.Tpm;

/// <summary>What a TPM says of its platform configuration registers: TPMS_ATTEST with a TPMS_QUOTE_INFO, part 2 §10.12 of the TPM 2.0 Library. Worth something only with its signature.</summary>
public sealed class TpmQuote
{
    /// <summary>Bytes of the largest one taken; those of TPMs have less than 200.</summary>
    public const int MaxBytes = 1024;

    /// <summary>Registers that are known: 0 to 23, as on PC clients.</summary>
    public const int Registers = 24;

    private const int MaxSelectBytes = 4;

    private TpmQuote()
    {
    }

    /// <summary>What the asker gave the TPM to sign along, so that it knows the answer to be new.</summary>
    public ReadOnlyMemory<byte> ExtraData { get; private set; }

    /// <summary>Bank of the registers, TPM_ALG_ID; 0 when it has not exactly one.</summary>
    public int Bank { get; private set; }

    /// <summary>One bit for each register.</summary>
    public uint Selection { get; private set; }

    /// <summary>Over the values of the registers, from the lowest on.</summary>
    public ReadOnlyMemory<byte> Digest { get; private set; }

    /// <summary>Times that the TPM was reset. TPMs may hide it from keys that are not of the endorsement hierarchy: then it is another number, the same for each reset.</summary>
    public long ResetCount { get; private set; }

    /// <summary>Times that it was restarted or resumed since.</summary>
    public long RestartCount { get; private set; }

    /// <param name="input">TPMS_ATTEST and nothing else.</param>
    /// <param name="quote">What it says.</param>
    /// <param name="fault">Why it is refused, for an operator.</param>
    public static bool TryParse(ReadOnlySpan<byte> input, [NotNullWhen(true)] out TpmQuote? quote, out string fault)
    {
        var read = new TpmQuote();
        fault = input.Length > MaxBytes ? $"it has more than {MaxBytes} bytes" : read.Read(new TpmReader(input));
        quote = fault.Length == 0 ? read : null;
        return quote is not null;
    }

    private string Read(TpmReader reader)
    {
        // A restricted key signs whatever is not the TPM's own only when it does not begin so.
        if (reader.UInt32() != GeneratedValue || reader.UInt16() != AttestQuote)
        {
            return reader.IsBroken ? Broken : "it is no quote of a TPM";
        }

        reader.Sized(); // the qualified name of the signer
        ExtraData = reader.Sized().ToArray();
        reader.UInt64(); // clock
        (ResetCount, RestartCount) = (reader.UInt32(), reader.UInt32());
        reader.Byte(); // whether the clock is safe
        reader.UInt64(); // firmware version
        var selections = reader.UInt32();
        if (reader.IsBroken || selections != 1)
        {
            return reader.IsBroken ? Broken : "it does not select registers of exactly one bank";
        }

        Bank = reader.UInt16();
        var count = reader.Byte();
        if (count > MaxSelectBytes)
        {
            return "it selects registers that nobody knows";
        }

        var select = reader.Raw(count);
        for (var i = 0; i < select.Length; i++)
        {
            Selection |= (uint)select[i] << (8 * i);
        }

        Digest = reader.Sized().ToArray();
        return reader.IsBroken || !reader.IsAtEnd ? Broken : Selection >> Registers != 0 ? "it selects registers that nobody knows" : "";
    }

    private const string Broken = "its sizes do not agree with its bytes";
}

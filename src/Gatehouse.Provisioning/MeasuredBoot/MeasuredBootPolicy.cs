namespace Gatehouse.Provisioning.MeasuredBoot;

/// <summary>The <c>measuredBootPolicy</c> of an individual enrollment with TPM attestation: what its registers must hold when the device registers. On the wire and in the store.</summary>
/// <remarks>Not of the service; decisions/0030.</remarks>
internal sealed record MeasuredBootPolicy
{
    /// <summary>Bank of the registers, <c>sha256</c> (default) or <c>sha384</c>.</summary>
    public string? HashAlgorithm { get; init; }

    /// <summary>Registers, 0 to 23, each once; stored from the lowest on.</summary>
    public IReadOnlyList<int>? Pcrs { get; init; }

    /// <summary>Hexadecimal values by register. Null: those of the next registration that proves the TPM are learned.</summary>
    public IReadOnlyDictionary<string, string>? Values { get; init; }

    /// <summary>True: <see cref="Values"/> were learned, not given.</summary>
    public bool? Learned { get; init; }

    /// <summary>How long a quote stands before the device must send another. 60–31,536,000; null: as long as nobody asks.</summary>
    public int? ReattestEverySeconds { get; init; }

    internal BootBank Bank => BootBank.Find(HashAlgorithm)!;

    /// <summary>As a quote selects them.</summary>
    internal uint Selection => Pcrs!.Aggregate(0u, (bits, register) => bits | (1u << register));
}

/// <summary>A bank of registers.</summary>
/// <param name="Word">On the wire.</param>
/// <param name="Algorithm">TPM_ALG_ID.</param>
/// <param name="Bytes">Of one register.</param>
internal sealed record BootBank(string Word, int Algorithm, int Bytes)
{
    private static readonly BootBank[] All = [new("sha256", 0x000B, 32), new("sha384", 0x000C, 48)];

    internal static BootBank? Find(string? word) => word is null ? All[0] : Array.Find(All, bank => bank.Word.Equals(word, StringComparison.OrdinalIgnoreCase));
}

using static Gatehouse.Cli.Tpm.TpmNumbers;

namespace Gatehouse.Cli.Tpm;

/// <summary>Platform configuration registers (PCRs) of one bank, as commands name them. TPM 2.0 Library, part 2 §10.6.2.</summary>
internal sealed class TpmRegisters
{
    private const int Most = 24;
    private const int SelectBytes = Most / 8;

    private readonly ushort bank;
    private readonly string word;

    private TpmRegisters(ushort bank, string word, IReadOnlyList<int> numbers) => (this.bank, this.word, Numbers) = (bank, word, numbers);

    /// <summary>0 to 23, each once, from the lowest on.</summary>
    internal IReadOnlyList<int> Numbers { get; }

    /// <param name="bank"><c>sha256</c> or <c>sha384</c>.</param>
    /// <param name="numbers">In any order.</param>
    /// <returns>Null for another bank, for none, and for one that no TPM has.</returns>
    internal static TpmRegisters? Find(string? bank, IReadOnlyList<int> numbers)
    {
        ushort algorithm = bank switch { "sha256" => Sha256, "sha384" => Sha384, _ => 0 };
        return algorithm == 0 || numbers.Count == 0 || numbers.Any(number => number is < 0 or >= Most) ? null : new TpmRegisters(algorithm, bank!, [.. numbers.Distinct().Order()]);
    }

    /// <summary>TPML_PCR_SELECTION.</summary>
    internal byte[] Select() => Select(Numbers);

    /// <summary>Their values, in the order of <see cref="Numbers"/>.</summary>
    /// <exception cref="CliException">The TPM does not keep this bank.</exception>
    internal IReadOnlyList<byte[]> Read(TpmChip chip)
    {
        // One answer holds eight at most.
        var values = new List<byte[]>();
        while (values.Count < Numbers.Count)
        {
            var read = chip.ReadRegisters(Select(Numbers.Skip(values.Count)));
            if (read.Count == 0 || read.Count > Numbers.Count - values.Count)
            {
                throw new CliException($"the TPM keeps no {word} bank of registers {string.Join(", ", Numbers)}: switch it on in the firmware, or ask for another one in the enrollment.");
            }

            values.AddRange(read);
        }

        return values;
    }

    private byte[] Select(IEnumerable<int> numbers)
    {
        var select = new byte[SelectBytes];
        foreach (var number in numbers)
        {
            select[number / 8] |= (byte)(1 << (number % 8));
        }

        return new TpmWriter().UInt32(1).UInt16(bank).Raw([SelectBytes]).Raw(select).Bytes.ToArray();
    }
}

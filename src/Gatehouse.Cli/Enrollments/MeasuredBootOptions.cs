using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;

namespace Gatehouse.Cli.Enrollments;

/// <summary>The options of a measured-boot policy: which registers of the TPM a device must quote, and what they must hold.</summary>
internal sealed class MeasuredBootOptions
{
    private const string Member = "measuredBootPolicy";
    private const string None = "none";
    private const string DefaultBank = "sha256";

    private readonly Option<string?> registers = new("--measured-boot") { Description = "Registers of the TPM (PCRs) that the device must quote whenever it registers, as in 0,2,4,7 or sha384:0,7; none takes the policy away. Their values are learned at the next registration, or come from --pcr-values.", HelpName = "pcrs" };
    private readonly Option<string?> values = new("--pcr-values") { Description = "File with what they must hold: the output of tpm2_pcrread, or a JSON object of hexadecimal values by number.", HelpName = "file" };
    private readonly Option<int?> every = new("--reattest-every") { Description = "Seconds after which the device must quote again, 60 to 31536000; 0: only when it is asked to.", HelpName = "seconds" };

    internal IEnumerable<Option> All => [registers, values, every];

    internal async Task FillAsync(Call call, JsonObject enrollment)
    {
        if (!All.Any(call.IsGiven))
        {
            return;
        }

        if (call.Value(registers) == None)
        {
            if (call.IsGiven(values) || call.IsGiven(every))
            {
                throw CliException.Usage($"{registers.Name} {None} takes the policy away: give no other option of it.");
            }

            enrollment.Remove(Member);
            return;
        }

        if (call.Value(registers) is { } text)
        {
            var (bank, pcrs) = ReadRegisters(text);
            var kept = enrollment[Member]?["reattestEverySeconds"]?.DeepClone();
            var policy = new JsonObject { ["hashAlgorithm"] = bank, ["pcrs"] = new JsonArray([.. pcrs.Select(pcr => JsonValue.Create(pcr))]) };
            if (kept is not null)
            {
                policy["reattestEverySeconds"] = kept;
            }

            enrollment[Member] = policy;
        }

        if (enrollment[Member] is not JsonObject changed)
        {
            throw CliException.Usage($"{(call.IsGiven(values) ? values.Name : every.Name)} goes with {registers.Name} PCRS.");
        }

        await FillValuesAsync(call, changed);
        switch (call.Value(every))
        {
            case null:
                break;
            case 0:
                changed.Remove("reattestEverySeconds");
                break;
            case var seconds:
                changed["reattestEverySeconds"] = seconds;
                break;
        }
    }

    private async Task FillValuesAsync(Call call, JsonObject policy)
    {
        if (call.Value(values) is not { } path)
        {
            return;
        }

        var bank = (string?)policy["hashAlgorithm"] ?? DefaultBank;
        var found = PcrValues.Read(await InputFile.ReadTextAsync(path, call.Cancellation), bank) ?? throw CliException.Usage($"{values.Name}: '{path}' is neither the output of tpm2_pcrread nor a JSON object of values by number.");
        var wanted = new JsonObject();
        foreach (var pcr in policy["pcrs"]!.AsArray().Select(each => (int)each!))
        {
            var name = pcr.ToString(CultureInfo.InvariantCulture);
            wanted[name] = found.GetValueOrDefault(name) ?? throw CliException.Usage($"{values.Name}: '{path}' has no value of PCR {name} in the bank {bank}.");
        }

        policy["values"] = wanted;
        policy.Remove("learned");
    }

    private (string Bank, IReadOnlyList<int> Pcrs) ReadRegisters(string text)
    {
        var colon = text.IndexOf(':', StringComparison.Ordinal);
        var bank = colon < 0 ? DefaultBank : text[..colon].Trim();
        var pcrs = text[(colon + 1)..].Split(',', StringSplitOptions.TrimEntries).Select(each => int.TryParse(each, NumberStyles.None, CultureInfo.InvariantCulture, out var pcr) ? pcr : -1).ToList();
        return pcrs.TrueForAll(pcr => pcr is >= 0 and <= 23)
            ? (bank, pcrs)
            : throw CliException.Usage($"{registers.Name}: numbers from 0 to 23 with commas between them, as in 0,2,4,7 or sha384:0,7.");
    }
}

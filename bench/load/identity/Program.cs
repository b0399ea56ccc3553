using System.Globalization;
using Gatehouse.Bench.Identity;
using Gatehouse.Keys;

// tokens SECONDS   SAS tokens of 10,000 devices, good and wrong
// hsm SECONDS STORE   the same of 200 devices whose keys stay in an HSM
// chains SECONDS   certificates through two intermediates, beside 1, 100 and 1,000 trusted CAs
// signing SECONDS [STORE]   certificates issued by keys in files, and in a key store beside them
// timing COUNT     whether the time of a refusal tells how much of a signature was right
if (args is not [var part, var text, ..] || !int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var amount) || amount == 0)
{
    await Console.Error.WriteLineAsync("identityload: tokens|chains SECONDS, hsm SECONDS STORE, signing SECONDS [STORE], timing COUNT");
    return 2;
}

KeyStoreAddress? hsm = null;
if (part == "hsm" && KeyStoreAddress.TryParse(args is [_, _, var store] ? store : "", out hsm) is { } problem)
{
    await Console.Error.WriteLineAsync($"identityload: the key store {problem}");
    return 2;
}

using var fleet = new Fleet(hsm);
switch (part)
{
    case "tokens":
        await new TokenLoad(fleet, 10_000, "").RunAsync(TimeSpan.FromSeconds(amount));
        return 0;
    case "hsm":
        await new TokenLoad(fleet, 200, " in the HSM").RunAsync(TimeSpan.FromSeconds(amount));
        return 0;
    case "chains":
        await ChainLoad.RunAsync(fleet, TimeSpan.FromSeconds(amount));
        return 0;
    case "signing":
        await SigningLoad.RunAsync(TimeSpan.FromSeconds(amount), args.Length > 2 ? args[2] : null);
        return 0;
    case "timing":
        return await new SignatureTiming(fleet).RunAsync(amount) ? 0 : 1;
    default:
        await Console.Error.WriteLineAsync($"identityload: no part '{part}'");
        return 2;
}

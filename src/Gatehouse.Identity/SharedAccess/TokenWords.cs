using System.Globalization;
using Gatehouse.Contracts.Credentials;

namespace Gatehouse.Identity.SharedAccess;

/// <summary>Sentences for the operator about tokens.</summary>
internal static class TokenWords
{
    internal static string Expired(SharedAccessToken token, ulong secondsLate, TimeSpan allowance)
    {
        var end = TokenLifetime.End(token.Expiry).ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
        return string.Create(
            CultureInfo.InvariantCulture,
            $"The token ended at {end}, {secondsLate} s ago, and {allowance.TotalSeconds} s are allowed: renew it, or set the peer's clock if it has just been made.");
    }

    internal static string TooLong(SharedAccessToken token, ulong seconds, Strictness strictness, TimeSpan allowance) => string.Create(
        CultureInfo.InvariantCulture,
        $"The token ends at {TokenLifetime.End(token.Expiry):yyyy-MM-dd'T'HH:mm:ss'Z'}, {seconds} s from now, and this hub takes none that ends in more than {strictness.MaxTokenSeconds} s (and {allowance.TotalSeconds} s for clocks): make shorter ones and renew them.");

    internal static string OtherHost(TokenScope scope, HubEntry hub) =>
        $"The token is made for the host {Refuse.Quote(scope.Host)}, which is not one of the hub's ({string.Join(", ", hub.HostNames)}).";

    internal static string Method(KeyMatch match) => match == KeyMatch.Primary ? CredentialName.PrimaryKey : CredentialName.SecondaryKey;
}

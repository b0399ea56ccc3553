using System.Security.Cryptography;
using Gatehouse.Contracts.Credentials;
using Gatehouse.Contracts.Errors;
using Gatehouse.Contracts.Identities;
using Gatehouse.Keys;

namespace Gatehouse.Hub.Registry;

/// <summary>Puts checked credentials into a row: keys sealed for exactly that row, or what they are derived from.</summary>
internal sealed class CredentialSeal(SecretVault vault, DerivationKeys derivations, TimeProvider time)
{
    private const int GeneratedKeyBytes = 32;

    // No semicolon: azure-iothub cuts the message there.
    private static readonly HubError KeysNotTaken = HubErrors.ArgumentInvalid.With(
        "This hub derives the keys of devices and modules and stores none (strict mode, device keys: derived), so it takes no keys that others have made. Leave both keys out and read those that the hub makes. An update may send back those that it has.");

    /// <summary>ArgumentInvalid when the hub takes no keys and others than its own are given. Given keys are wiped.</summary>
    /// <param name="change">The transaction.</param>
    /// <param name="row">As it was read in it, or a new one.</param>
    /// <param name="input">What it shall have.</param>
    /// <param name="cancellationToken">Ends it.</param>
    internal async Task<Result<AppliedCredential>> ApplyAsync(RegistryChange change, IdentityRow row, CredentialInput input, CancellationToken cancellationToken)
    {
        var described = row with { CredentialKind = (long)input.Kind, PrimaryThumbprint = input.PrimaryThumbprint, SecondaryThumbprint = input.SecondaryThumbprint };
        if (input.Kind != CredentialKind.Sas)
        {
            return new AppliedCredential(described.With(isPrimary: true, default).With(isPrimary: false, default), null);
        }

        var making = await derivations.FindMakingAsync(change, cancellationToken);
        if (input.PrimaryKey is not { } primaryKey || input.SecondaryKey is not { } secondaryKey)
        {
            return new AppliedCredential(described.With(isPrimary: true, Make(change.Hub, row, making, isPrimary: true)).With(isPrimary: false, Make(change.Hub, row, making, isPrimary: false)), Origin(making));
        }

        try
        {
            return Take(change.Hub, row, making, primaryKey) is { } primary && Take(change.Hub, row, making, secondaryKey) is { } secondary
                ? new AppliedCredential(described.With(isPrimary: true, primary).With(isPrimary: false, secondary), making.IsDerived ? "kept" : "given")
                : KeysNotTaken;
        }
        finally
        {
            CryptographicOperations.ZeroMemory(primaryKey);
            CryptographicOperations.ZeroMemory(secondaryKey);
        }
    }

    /// <summary>A new key of the hub's making for a row.</summary>
    internal async Task<KeySlot> MakeAsync(RegistryChange change, IdentityRow row, bool isPrimary, CancellationToken cancellationToken) =>
        Make(change.Hub, row, await derivations.FindMakingAsync(change, cancellationToken), isPrimary);

    private static string Origin(KeyMaking making) => making.IsDerived ? "derived" : "generated";

    private KeySlot Make(HubName hub, IdentityRow row, KeyMaking making, bool isPrimary)
    {
        var now = time.GetUtcNow().UtcTicks;
        if (making.IsDerived)
        {
            return making.Draw(isPrimary, now);
        }

        var key = RandomNumberGenerator.GetBytes(GeneratedKeyBytes);
        var blob = vault.Seal(key, row.BindingIn(hub)).Blob.ToArray();
        CryptographicOperations.ZeroMemory(key);
        return new KeySlot(blob, null, now);
    }

    /// <summary>A key that is given. The same that the row has is what it was, and no younger; null when it may not be taken.</summary>
    private KeySlot? Take(HubName hub, IdentityRow row, KeyMaking making, byte[] given)
    {
        var binding = row.BindingIn(hub);
        KeySlot? held = Holds(row.Primary) ? row.Primary : Holds(row.Secondary) ? row.Secondary : null;
        return making.IsDerived || held is { IsDerived: true } ? held
            : new KeySlot(vault.Seal(given, binding).Blob.ToArray(), null, held?.Made ?? time.GetUtcNow().UtcTicks);

        bool Holds(KeySlot slot) => slot.In(hub) is { } secret && vault.Holds(secret, binding, given);
    }
}

/// <summary>A row with its new credentials.</summary>
/// <param name="Row">Not yet written.</param>
/// <param name="Keys">For the audit record: <c>given</c>, <c>generated</c>, <c>derived</c> or <c>kept</c>; null without keys.</param>
internal readonly record struct AppliedCredential(IdentityRow Row, string? Keys)
{
    public override string ToString() => $"{Row} ***";
}

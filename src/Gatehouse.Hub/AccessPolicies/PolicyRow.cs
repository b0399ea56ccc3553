using Gatehouse.Contracts.Access;
using Gatehouse.Contracts.Credentials;
using Gatehouse.Contracts.Identities;

namespace Gatehouse.Hub.AccessPolicies;

/// <summary>A row of <c>policies</c>.</summary>
internal sealed record PolicyRow
{
    public required string Hub { get; init; }

    public required string Name { get; init; }

    /// <summary>New for each creation of the name; part of the binding of the keys.</summary>
    public required string GenerationId { get; init; }

    public required long Rights { get; init; }

    /// <summary>Sealed under <see cref="Binding"/>.</summary>
    public required byte[] PrimaryKey { get; init; }

    public required byte[] SecondaryKey { get; init; }

    public required long Created { get; init; }

    public required long Changed { get; init; }

    /// <summary>When the primary key was made, UTC ticks; 0 where that is not known yet.</summary>
    public long PrimaryMade { get; init; }

    public long SecondaryMade { get; init; }

    internal string Binding => KeyBinding.ForPolicy(HubName.Parse(Hub), Name, GenerationId);

    internal PolicyCredentials ToCredentials() => new()
    {
        Name = Name,
        Rights = (Rights)Rights,
        PrimaryKey = new SealedSecret(PrimaryKey),
        SecondaryKey = new SealedSecret(SecondaryKey),
        KeyBinding = Binding,
    };

    public override string ToString() => $"policy {Name} ***";
}

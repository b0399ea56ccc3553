using Gatehouse.Contracts.Access;
using Gatehouse.Contracts.Credentials;

namespace Gatehouse.Provisioning.AccessPolicies;

/// <summary>A row of <c>provisioning_policies</c>.</summary>
internal sealed record PolicyRow
{
    internal const int MaxNameLength = 64;

    public required string Service { get; init; }

    public required string Name { get; init; }

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

    internal string Binding => BindingOf(Service, Name, GenerationId);

    internal static string BindingOf(string service, string name, string generationId) => $"{service}/provisioning-policies/{name}/{generationId}/keys";

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

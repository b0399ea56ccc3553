using Gatehouse.Contracts.Identities;
using Gatehouse.Hub.Registry;
using Gatehouse.ServiceApi.Rest.Registry;

namespace Gatehouse.ServiceApi.Rest.Modules;

/// <summary>A module as callers send it.</summary>
internal sealed class ModuleBody
{
    public string? DeviceId { get; init; }

    public string? ModuleId { get; init; }

    public string? ManagedBy { get; init; }

    public AuthenticationDocument? Authentication { get; init; }

    internal IdentityInput ToInput(IdentityKey key) => new() { Key = key, ManagedBy = ManagedBy, Authentication = Authentication?.ToInput() };
}

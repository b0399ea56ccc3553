using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Gatehouse.Hub.ServerCertificates;

/// <summary>For a server that ends TLS itself.</summary>
public static class ServerCertificateSetup
{
    /// <summary>Needs AddHub and an <see cref="Contracts.Credentials.IServerCertificates"/>.</summary>
    public static IServiceCollection AddServerCertificateChanges(this IServiceCollection services)
    {
        services.TryAddSingleton<ServerCertificateChanges>();
        services.TryAddSingleton<ShownCertificateRecord>();
        services.AddHostedService<ServerCertificateUpkeep>();
        return services;
    }
}

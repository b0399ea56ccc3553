using Gatehouse.Hub.Notifications;
using Gatehouse.Keys;
using Gatehouse.Store;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Gatehouse.Hub.Files;

/// <summary>How the room takes files in.</summary>
internal static class FilesSetup
{
    internal static void AddFiles(this IServiceCollection services, FileOptions options)
    {
        services.TryAddSingleton(options);
        services.TryAddSingleton(all => new BlobAccess(all.GetRequiredService<Database>(), all.GetRequiredService<SecretVault>(), all.GetRequiredService<TimeProvider>()));
        services.TryAddSingleton(all => new BlobStore(all.GetRequiredService<Database>(), options, all.GetRequiredService<TimeProvider>()));
        services.TryAddSingleton(all => new FileUploads(
            all.GetRequiredService<Database>(),
            all.GetRequiredService<BlobAccess>(),
            all.GetRequiredService<BlobStore>(),
            all.GetRequiredService<NotificationQueues>(),
            options,
            all.GetRequiredService<TimeProvider>()));
        services.TryAddSingleton<FileUpkeep>();
        services.AddHostedService(static all => all.GetRequiredService<FileUpkeep>());
    }
}
